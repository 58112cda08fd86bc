# Runs "$@" until standard input ends. Then ends it with SIGTERM, and after five seconds with SIGKILL.
#
# Only the parent holds standard input open. The kernel closes it when the parent ends, even by SIGKILL, so the
# program cannot outlive its parent.
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
(
  while read -r _; do :; done <&3
  kill -TERM $program 2>/dev/null
  tenths=0
  while [ $tenths -lt 50 ] && kill -0 $program 2>/dev/null; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -KILL $program 2>/dev/null
) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $program
status=$?
kill $watch 2>/dev/null
exit $status
