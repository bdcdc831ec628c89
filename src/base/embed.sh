#!/bin/sh
# Writes the table of embedded files as assembly: `embed.sh OUT.S GZDIR FILE...`. Static files are embedded a second time,
# compressed. Names are sorted bytewise, because embed_find searches by halves.
set -eu
out=$1 gz=$2
shift 2
mkdir -p "$gz"
for f in "$@"; do
	echo "$f $f"
	case $f in
	templates/static/*)
		z=$gz/$(echo "$f" | tr / _).gz
		gzip -9nc "$f" >"$z"
		echo "$f.gz $z"
		;;
	esac
done | LC_ALL=C sort >"$out.list"
awk '
	BEGIN { print "\t.section .rodata" }
	{
		printf ".Ln%d:\t.asciz \"%s\"\n.Ls%d:\t.incbin \"%s\"\n.Le%d:\t.byte 0\n", NR, $1, NR, $2, NR
		rows = rows sprintf("\t.quad .Ln%d, .Ls%d, .Le%d\n", NR, NR, NR)
	}
	END {
		printf "\t.section .data.rel.ro,\"aw\"\n\t.balign 8\n\t.globl embed_files\nembed_files:\n%s", rows
		printf "\t.globl embed_count\nembed_count:\t.quad %d\n\t.section .note.GNU-stack,\"\",@progbits\n", NR
	}' "$out.list" >"$out"
