"""What the columns of people's files are called, in the order of preference for each role.

Names are compared without case, spaces and marks, in any script; a currency at the end (`Price USD`, `Volume BTC`) is
left out. Exports of TradingView have their headers in the language of the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_CURRENCY = re.compile(r"[ (]+([A-Z]{2,6})\)?$")

TIMES = (
    "opentime", "timestamp", "unix", "unixtimestamp", "unixtime", "timestampms", "datetime", "dateandtime",
    "datetimeutc", "time", "timeutc", "opendate", "date", "ts", "epoch", "candlebegintime", "gmttime", "localtime",
    "utctime", "tradedate", "t", "fecha", "fechahora", "datum", "datumuhrzeit", "data", "dataora", "datahora",
    "dateheure", "tarih", "датавремя", "датаивремя", "дата", "日期", "日期时间", "日期和时间", "日期時間", "日期與時間",
    "日期和時間", "日時", "날짜시간", "날짜", "createdat",
)  # fmt: skip
DAYS = ("date", "day", "tradedate", "fecha", "datum", "data", "dt", "dtyyyymmdd", "tarih", "дата", "日期")
CLOCKS = ("time", "clock", "hour", "timeofday", "hora", "zeit", "uhrzeit", "ora", "heure", "saat", "время", "时间")

CANDLE_NAMES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "openprice", "o", "priceopen", "firstprice", "apertura", "eröffnung", "ouverture", "abertura",
             "açılış", "открытие", "开盘", "开盘价", "開盤", "始値", "시가", "openbid"),
    "high": ("high", "highprice", "h", "pricehigh", "max", "highest", "alto", "máximo", "hoch", "plushaut", "yüksek",
             "максимум", "最高", "最高价", "高値", "고가", "highbid"),
    "low": ("low", "lowprice", "l", "pricelow", "min", "lowest", "bajo", "mínimo", "tief", "plusbas", "düşük",
            "минимум", "最低", "最低价", "安値", "저가", "lowbid"),
    "close": ("close", "closeprice", "c", "priceclose", "closelast", "last", "lastprice", "price", "cierre", "ultimo",
              "schluss", "schlusskurs", "clôture", "fechamento", "kapanış", "закрытие", "收盘", "收盘价", "終値",
              "종가", "closebid"),
    "volume": ("volume", "vol", "v", "volumebase", "basevolume", "basevol", "volumefrom", "shares", "qty", "volumen",
               "volumi", "hacim", "объем", "объём", "成交量", "出来高", "거래량"),
    "ticks": ("tickvolume", "tickvol", "ticks"),
    "trades": ("trades", "tradecount", "numberoftrades", "numtrades", "transactions", "count", "tradescount",
               "notrades", "成交笔数"),
    "taker": ("takerbuyvolume", "takerbuybasevolume", "takerbuybaseassetvolume", "takerbuyvol", "takerbase",
              "takerbuybase"),
}  # fmt: skip
"""Close must come after open, high and low: `price` is the close only beside them."""

SIGNAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "type": ("type", "action", "side", "direction", "signaltype", "tradetype", "ordertype", "position", "buysell",
             "ordertypeside", "typ", "tipo", "tür", "тип", "类型", "類型", "タイプ", "種類", "유형", "操作", "方向"),
    "side": ("side", "direction", "action", "buysell"),
    "price": ("price", "signalprice", "entryprice", "px", "rate", "fillprice", "avgprice", "close", "precio", "preis",
              "prix", "prezzo", "preço", "fiyat", "цена", "价格", "價格", "価格", "가격"),
    "label": ("label", "text", "comment", "name", "signal", "note", "reason", "tag", "entertag", "message", "señal",
              "sinal", "segnale", "sinyal", "сигнал", "信号", "訊號", "シグナル", "신호"),
    "color": ("color", "colour", "farbe", "couleur", "цвет", "颜色"),
    "icon": ("icon", "symbolicon", "shape", "marker"),
    "stop": ("sl", "stoploss", "stop", "stoplossabs", "stopprice", "slprice"),
    "target": ("tp", "takeprofit", "target", "profittarget", "tpprice"),
    "trade": ("trade#", "trade", "tradenumber", "tradenr", "tradeno", "tradeid", "交易#", "交易", "トレード番号",
              "№сделки", "номерсделки", "işlem", "işlemno", "거래#", "取引#", "trade№", "operación", "operación#",
              "n°ditrade"),
}  # fmt: skip

TRADE_NAMES: Mapping[str, tuple[str, ...]] = {
    "entry_time": ("entrytime", "opendate", "opentime", "entrydate", "openedat", "dateopened", "timeopen", "opened"),
    "exit_time": ("exittime", "closedate", "closetime", "exitdate", "closedat", "dateclosed", "timeclose", "closed"),
    "entry_price": ("entryprice", "openrate", "openprice", "avgentryprice", "priceopen", "entry"),
    "exit_price": ("exitprice", "closerate", "closeprice", "avgexitprice", "priceclose", "exit"),
    "direction": ("direction", "side", "type", "tradedirection", "position", "long/short", "longshort"),
    "short": ("isshort", "short"),
    "size": ("size", "amount", "quantity", "qty", "shares", "lots"),
    "entry_label": ("entertag", "entrysignal", "buytag", "tag", "entryreason", "entrylabel"),
    "exit_label": ("exitreason", "exitsignal", "sellreason", "exitlabel"),
    "stop": ("sl", "stoploss", "stop", "stoplossabs", "slprice"),
    "target": ("tp", "takeprofit", "target", "tpprice"),
}
"""A row with an entry and an exit: freqtrade's exports, backtesting.py's `_trades`, and journals."""


def plain(name: str) -> str:
    """A column's name as it is compared: letters and digits of any script and #, lower case, without a currency."""
    text = _CURRENCY.sub("", unicodedata.normalize("NFKC", name).strip())
    return "".join(c for c in text.casefold() if c.isalnum() or c in "#№°")


def currency(name: str) -> str:
    """The currency at the end of a column's name: `Volume BTC` gives BTC; "" if there is none."""
    found = _CURRENCY.search(name.strip())
    return found[1] if found else ""
