"""One example of each format, with its header if it has one: what `orderflow formats` prints."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "timesales": ("Timestamp;Precio;Volumen;Lado;Bid;Ask", "2025-10-09 18:00:00.032;25263,25;1;BID;25265;25265,5"),
    "databento": (
        "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,symbol",
        "1696000000527428009,1696000000527194909,0,19,7051,T,A,0,4523250000000,5,130,206685,11853,ESZ3",
    ),
    "tardis": (
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
        "deribit,BTC-PERPETUAL,1572566406349000,1572566406353221,64526612,buy,9146,10",
    ),
    "polygon": (
        "ticker,conditions,exchange,id,participant_timestamp,price,size",
        "X:BTC-USD,2,1,3003,1709562600000000000,61000.5,0.25",
    ),
    "bybit": (
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI",
        "1784851200.0547,BTCUSDT,Buy,0.038,65065.80,ZeroPlusTick,12,2.4725004e+11,0.038,2472.5004,0",
    ),
    "okx": (
        "instrument_name,trade_id,side,price,size,created_time,source",
        "BTC-USDT-SWAP,2885385355,sell,78542.2,14.07,1788192000021,0",
    ),
    "deribit": (
        "timestamp,trade_id,trade_seq,price,amount,direction,instrument_name",
        "1700000000000,278000001,101,36000.5,1000,sell,BTC-PERPETUAL",
    ),
    "kaiko": ("id,exchange,symbol,date,price,amount,sell", "4311670,qn,btcaud,1476263658000,847.16235,3,true"),
    "sierra": (
        "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume",
        "2025/12/8, 17:30:00.083, 0.00, 4222.25, 4222.00, 4222.25, 3, 1, 0, 3",
    ),
    "metatrader": (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>",
        "2024.03.01\t09:00:00.123\t1199.5\t1200\t\t\t6",
    ),
    "algoseek": (
        "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions",
        "20180102,09:30:00.001,TRADE NB,XYZ,170.10,100,NASDAQ,00000000",
    ),
    "taq": (
        "DATE,TIME_M,EX,SYM_ROOT,SYM_SUFFIX,TR_SCOND,SIZE,PRICE,TR_STOP_IND,TR_CORR,TR_SEQNUM,TR_ID,TR_SOURCE,TR_RF",
        "2025-03-03,4:06:02.246831104,T,A,,TI,1,128.69,N,00,3680,62879130347078,C,",
    ),
    "gdfl": (
        "Ticker,Date,Time,LTP,BuyPrice,BuyQty,SellPrice,SellQty,LTQ,OpenInterest",
        "NIFTY-I.NFO,02/01/2025,09:15:00,23800.5,23800,75,23800.5,150,75,1200",
    ),
    "ctp": (
        "TradingDay,InstrumentID,LastPrice,Volume,Turnover,OpenInterest,UpdateTime,UpdateMillisec,BidPrice1,AskPrice1,ActionDay",
        "20260623,ag2608,15988,1499,359336820,245716,21:00:00,500,15980,15988,20260622",
    ),
    "veighna": (
        "datetime,symbol,exchange,volume,turnover,open_interest,last_price,bid_price_1,ask_price_1",
        "2026-06-22 21:00:00.500,ag2608,SHFE,1499,359336820,245716,15988,15980,15988",
    ),
    "binance-aggtrades": (
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
        "26129,0.01633102,4.70443515,27781,27781,1498793709153,true",
    ),
    "binance-trades": ("id,price,qty,quote_qty,time,is_buyer_maker", "28457,9635.0,1,0.01037883,1591250192508,true"),
    "binance-keys": ("a,p,q,f,l,T,m,M", "100,36000.5,0.5,200,201,1700000000123,False,True"),
    "coinbase": ("trade_id,price,side,size,time", "1,300.0,sell,0.01,2015-04-23T01:42:34.182104Z"),
    "gate": ("1690848004.8,12345,29200.1,5",),
    "bitfinex": ("id,mts,amount,price", "388063448,1567526214876,1.918524,10682"),
    "kraken": ("1381095255,122.00000,0.10000000",),
    "ninjatrader": ("20061107 000431;1383,00;1",),
    "kibot": ("09/28/2009,09:30:00,50.79,50.7,50.79,100",),
    "tickdata": ("01/02/2013,09:30:00.123,25.25,500,T,@,00,1001,N,C,,,",),
    "iqfeed": ("2024-03-01 09:30:00.123456,5100.25,3,120003,5100.00,5100.25,4001,C,43,01,1,1",),
    "truedata": ("20250102,09:15:00,23800.5,75,1200,23800,75,23800.5,150",),
    "firstrate": ("2022-01-03 14:00:00.123,177.83,100",),
    "aggr": ("1586505599999 6861.3 0.003 1",),
    "lean": ("34200010,378.25,0.5,0",),
    "generic": ("timestamp,price,size,side,id", "1750507467356,83.29,0.107,buy,293517768"),
    "bitmex": (
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType",
        "2024-03-01D00:00:01.123456000,XBTUSD,Sell,100,61000.5,ZeroMinusTick,aaaa,163930,0.0016393,100,Regular",
    ),
    "hyperliquid": ('{"coin":"BTC","side":"A","px":"61000.5","sz":"0.25","time":1709251200123,"tid":1}',),
    "bitstamp": ("date,tid,price,amount,type", "1700000000,209565216,37979.04,0.0032,0"),
    "upbit": (
        "market,timestamp,trade_price,trade_volume,ask_bid,sequential_id",
        "KRW-BTC,1700000000123,48616000,0.03060688,ASK,17000000001230000",
    ),
    "alpaca": ("t,x,p,s,c,i,z", "2022-01-03T14:30:00.086175744Z,P,178.26,246,@,1,C"),
    "finnhub": ("p,s,t,v", "37296.89,BINANCE:BTCUSDT,1700000000134,0.011467"),
    "phemex": ('{"symbol":"BTCUSDT","trades_p":[[1573717116484024300,"Buy","8673.5","0.21"]]}',),
    "coinapi": (
        "time_exchange;time_coinapi;guid;price;base_amount;taker_side",
        "2020-01-01T00:00:00.1230000;2020-01-01T00:00:00.2230000;a1f;7000.5;0.5;SELL",
    ),
    "b3": (
        "DataReferencia;CodigoInstrumento;AcaoAtualizacao;PrecoNegocio;QuantidadeNegociada;HoraFechamento;"
        "CodigoIdentificadorNegocio;TipoSessaoPregao;DataNegocio;CodigoParticipanteComprador;CodigoParticipanteVendedor",
        "2024-03-01;WINJ24;0;129500,000;2;090000500;10;1;2024-03-01;3;85",
    ),
    "tqsdk": (
        "datetime,SHFE.rb1905.last_price,SHFE.rb1905.bid_price1,SHFE.rb1905.ask_price1,SHFE.rb1905.volume",
        "2018-05-15 21:00:01,3425.0,3420.0,3425.0,12",
    ),
    "joinquant": (
        "time,current,high,low,volume,money,position,a1_p,a1_v,b1_p,b1_v",
        "2023-05-04 09:00:01.000,3701.0,3701.0,3698.0,1210,44770000.0,2000,3701.0,10,3700.0,5",
    ),
    "freqtrade": ('[1709251200123,"1","limit","buy",61000.5,0.25,15250.125]',),
    "nautilus": ("Parquet: price, size, aggressor_side, trade_id, ts_event, ts_init",),
    "sierra-scid": ("binary records: DateTime, Open, High, Low, Close, NumTrades, TotalVolume, BidVolume, AskVolume",),
}
