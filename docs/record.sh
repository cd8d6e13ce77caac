#!/bin/bash
# Records docs/demo.cast (asciicast v2) from a real run of the first look. Run it in the root of the repository after
# `go build -o bin/ ./cmd/gonode`.
set -eu
command='gonode run --demo --demo-for 5s'

# quoted prints a line as the inside of a JSON string.
quoted() { sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\x1b/\\u001b/g' <<<"$1"; }

# said prints a line of the terminal with the time since the start, in seconds.
said() { printf '[%d.%06d, "o", "%s\\r\\n"]\n' $((($2) / 1000000)) $((($2) % 1000000)) "$(quoted "$1")"; }

{
	echo "{\"version\": 2, \"width\": 132, \"height\": 30, \"title\": \"$command\"}"
	begin=${EPOCHREALTIME/./}
	said "\$ $command" 0
	bin/${command} --color always | while IFS= read -r line; do
		said "$line" $((${EPOCHREALTIME/./} - begin))
	done
} >docs/demo.cast.new
mv docs/demo.cast.new docs/demo.cast
