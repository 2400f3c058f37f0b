"""B3 trades: the daily files of trade by trade (Negócio a Negócio) of the Brazilian exchange.

Layout: the template b3-trades-intraday of github.com/wilsonfreitas/brasa, which reads
arquivos.b3.com.br/rapinegocios/tickercsv: DataReferencia;CodigoInstrumento;AcaoAtualizacao;PrecoNegocio;
QuantidadeNegociada;HoraFechamento;CodigoIdentificadorNegocio;TipoSessaoPregao;DataNegocio;
CodigoParticipanteComprador;CodigoParticipanteVendedor. HoraFechamento is HHMMSSmmm in São Paulo. AcaoAtualizacao is 0
for a trade and 2 for the cancel of the trade with the same number. Numbers have a decimal comma. There is no side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import AMENDS, TRADE, Kinds, Layout, Role, TimeRule
from orderflow.formats.sniff import Sample

_ACTIONS = Kinds({"0": TRADE, "2": AMENDS[0]})


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=_ACTIONS, clock_places=3)


FORMAT = Format(
    name="b3",
    title="B3 trades",
    needs=("codigoinstrumento", "acaoatualizacao", "preconegocio", "quantidadenegociada", "horafechamento"),
    roles={
        Role.DAY: ("datanegocio", "datareferencia"),
        Role.TIME: ("horafechamento",),
        Role.PRICE: ("preconegocio",),
        Role.SIZE: ("quantidadenegociada",),
        Role.ID: ("codigoidentificadornegocio",),
        Role.SYMBOL: ("codigoinstrumento",),
        Role.ACTION: ("acaoatualizacao",),
    },
    time=TimeRule.SPLIT,
    zone=("São Paulo's", "America/Sao_Paulo"),
    fit=_fit,
)
