# Runs "$@" until standard input ends, then ends it: asks at first, insists after five seconds.
#
# Standard input is a pipe that only the parent holds open. The kernel closes it however the parent ends, be it by
# SIGKILL, so the program cannot outlive its parent.
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
