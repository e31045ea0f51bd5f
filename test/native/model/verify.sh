#!/bin/sh
# verify.sh holds|ends|fails NAME[=VALUE]...
#
# Verifies ring.pml with these names defined, by a search of all its states.
# holds: no assertion fails. ends: the state graph has no cycle. fails: an assertion does fail.
set -eu

what=$1
shift
names=$(printf ' -D%s' "$@")
directory=${BUILD:-../build/model}/$what$(printf -- '-%s' "$@")

mkdir -p "$directory"
cp "$(dirname "$0")"/*.pml "$directory"
cd "$directory"
# shellcheck disable=SC2086
spin -a $names ring.pml > spin.log || { cat spin.log; exit 1; }
case $what in
  ends) build=-DNP run=-l ;;
  *) build=-DSAFETY run= ;;
esac
# spin's own code is not free of warnings
${CC:-cc} -O1 -w -DCOLLAPSE $build -o pan pan.c
./pan -m1000000 -w22 -n $run > pan.log

errors=$(sed -n 's/.*errors: //p' pan.log)
states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
reason=$(sed -n 's/^pan:1: \(.\{0,90\}\).*/: \1/p' pan.log)
printf '%-8s %-50s %11s states, %s errors%s\n' "$what" "$*" "$states" "$errors" "$reason"
grep -q 'max search depth too small\|out of memory' pan.log && { echo 'the search was cut short'; exit 1; }
case $what in
  fails) [ "$errors" != 0 ] && echo "$reason" | grep -q 'assertion violated' ;;
  *) [ "$errors" = 0 ] ;;
esac || { echo "see $directory"; exit 1; }
