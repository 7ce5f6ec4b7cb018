#!/bin/sh
# book.sh TEXT BOOK -- makes an HTML file BOOK of TEXT, with pandoc.
#
# Nothing has to be beside it: style and pictures are inside. What is made of
# the text's parts stands in book.lua, how it looks in book.css, the frame in
# book.template. A link to a file of the repository leads there from where BOOK
# is.

set -eu
unset CDPATH
text=$(cd "$(dirname "$1")" && pwd)/${1##*/}
mkdir -p "$(dirname "$2")"
place=$(cd "$(dirname "$2")" && pwd)
cd "$(dirname "$0")/../.."
root=$(pwd)
sh tests/doctor/doctor.sh need pandoc

# From the folder of BOOK to the repository: upwards, or by the whole path.
case $place/ in
"$root"/*)
    below=${place#"$root"}
    up=$(echo "$below" | sed 's|/[^/]*|../|g')
    ;;
*) up=$root/ ;;
esac
pandoc --from=gfm --to=html5 --wrap=none --toc --toc-depth=2 \
    --template=tests/book/book.template --lua-filter=tests/book/book.lua \
    --metadata=repository="$up" --output="$place/${2##*/}" "$text"
