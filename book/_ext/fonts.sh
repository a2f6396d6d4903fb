#!/bin/sh
# Cut the two fonts of the site out of whole ones: the signs of formulas, and the icons of the theme.
#
#   pip install fonttools brotli
#   sh book/_ext/fonts.sh LibertinusMath-Regular.otf fa-solid-900.ttf
#
# The first is from github.com/alerque/libertinus, the second lies in pydata_sphinx_theme. The licence
# of both, the SIL Open Font License 1.1, stands in their tables of names, which are kept whole.
# tests/test_site_mathematics.py and test_site_weight.py say when a page needs a sign that is not here.

STATIC="$(dirname "$0")/../_static"

SIGNS="
U+0020-007E,U+00A0,U+00AC,U+00B1,U+00B7,U+00D7,U+00F7,U+00AF,U+00A8,U+00B4,U+02C6,
U+02C7,U+02D8-02DC,U+0300-030C,U+0332,U+0338,U+0393,U+0394,U+0398,U+039B,U+039E,
U+03A0,U+03A3,U+03A5,U+03A6,U+03A8,U+03A9,U+03B1-03C9,U+03D1,U+03D5,U+03D6,U+03F1,
U+03F5,U+2013,U+2016,U+2018,U+2019,U+2026,U+2032-2034,U+2061-2064,U+20D7,U+210B,
U+210E,U+2110,U+2112,U+2113,U+2115,U+211A,U+211D,U+2124,U+212C,U+2130,U+2131,U+2133,
U+2190-2194,U+21A6,U+21D0-21D4,U+2200,U+2202,U+2203,U+2205,U+2207-220B,U+220F,
U+2211-2213,U+2215,U+2217-221A,U+221D,U+221E,U+2223,U+2225,U+2227-222B,U+223C,U+2243,
U+2245,U+2248,U+2254,U+2260,U+2261,U+2264,U+2265,U+226A,U+226B,U+2282-2287,U+2295,
U+2297,U+2299,U+22A4,U+22A5,U+22C5,U+22EE,U+22EF,U+22F1,U+2308-230B,U+23B4,U+23B5,
U+23DC-23DF,U+27E8,U+27E9,U+2A7D,U+2A7E,U+1D400-1D433,U+1D434-1D467,U+1D49C-1D4B5,
U+1D538-1D551,U+1D6E2-1D71B
"
pyftsubset "$1" --unicodes="$(echo $SIGNS | tr -d ' ')" --layout-features=ssty,dtls \
  --drop-tables+=GPOS,GDEF --name-IDs='*' --no-hinting --desubroutinize --flavor=woff2 \
  --output-file="$STATIC/mathematics.woff2"

# magnifying glass, circles with !, ? and i, bars, list, arrows, chevron, sun, moon, half circle, pencil, bell,
# bulb, triangle with !, signs for "see also", "done" and "wrong"
ICONS="U+F002,U+F042,U+F057-F05A,U+F062,U+F064,U+F06A,U+F071,U+F078,U+F0C9,U+F03A,U+F0EB,U+F0F3,U+F104,U+F105,
U+F107,U+F185,U+F186,U+F303"
pyftsubset "$2" --unicodes="$(echo $ICONS | tr -d ' ')" --name-IDs='*' --no-hinting --flavor=woff2 \
  --output-file="$STATIC/icons.woff2"
