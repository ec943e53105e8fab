#!/bin/sh
# SPDX-License-Identifier: MIT
# Wheels reach the system through the table of their kernel alone (sys_abi.h), or they would not work in a simulated
# world. Fails if one of the object files given asks the C library for anything the table has, or looks names up anywhere
# but in the file of the helper threads, system_lookup. Processes (run_*) are started in the real system alone, and their
# wheel makes sure that it is there. First proves on a small program that it finds such a call.
set -eu

table='socket|socketpair|bind|listen|accept4?|connect|getsockname|getpeername|getsockopt|setsockopt'
table="$table|readv?|writev?|preadv?2?|pwritev?2?|recv|recvfrom|recvmsg|send|sendto|sendmsg|shutdown|close|pipe2?"
table="$table|open|openat|fork|vfork|execvp?e?|posix_spawnp?|waitpid|clock_gettime|poll|ppoll|select|fcntl|ioctl|syscall"
blocking='getaddrinfo|gethostbyname2?(_r)?|gethostbyaddr(_r)?|getservbyname(_r)?|getnameinfo'

calls() { # names object...
  names=$1
  shift
  nm -uA "$@" | grep -E " U (__)?($names)(64|_chk|64_2|_2)?(@.*)?$" || true
}

case ${1:-} in
-h | --help | '')
  echo "usage: $0 OBJECT...    fails if an object file of the wheels calls the system past its kernel's table"
  exit 0
  ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '#include <unistd.h>\nint f(int x) { return close(x); }\n' >"$folder/bad.c"
"${CC:-cc}" -c -o "$folder/bad.o" "$folder/bad.c"
[ -n "$(calls "$table" "$folder/bad.o")" ] || {
  echo "$0: does not see the call it was shown; is nm as expected here?" >&2
  exit 1
}

found=$(
  calls "$table" "$@" | grep -vE 'run_(child|launch|conduits|terminal)\.cpp' || true
  calls "$blocking" "$@" | grep -v 'system_lookup\.cpp' || true
)
if [ -n "$found" ]; then
  echo "$found"
  echo "do: call it through Self::system() or Fd::system(), so that it works in a simulated world too" >&2
  exit 1
fi
