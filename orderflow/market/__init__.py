"""The tick engine: ticks in, bars and footprints out. Knows no file format, no storage library, no web and no
screen.
"""
