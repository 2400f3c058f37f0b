# The server with its page, as an unprivileged user, its ticks in a volume.
# This file is not built by the project's checks, which have no container engine: it is kept simple for that reason,
# and nothing beyond what `pip install .` and `orderflow serve` do (which are checked) happens in it.
#
#   docker build -t orderflow .
#   docker run --rm -p 127.0.0.1:8765:8765 -v orderflow-data:/data orderflow
#
# It prints its address with the key, which it makes at the first start and keeps in the volume; -e ORDERFLOW_API_KEY=…
# sets another one.
FROM python:3.11-slim

COPY . /source
RUN pip install --no-cache-dir "/source[messages,postgres]" && rm -rf /source \
    && useradd --create-home --uid 1000 orderflow \
    && install -d -m 0700 -o orderflow -g orderflow /data

USER orderflow
WORKDIR /home/orderflow
ENV ORDERFLOW_HOST=0.0.0.0 \
    ORDERFLOW_PORT=8765 \
    ORDERFLOW_DATA_DIR=/data \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/health', timeout=2)"
CMD ["orderflow", "serve"]
