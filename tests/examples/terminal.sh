# SPDX-License-Identifier: MIT
# Sourced after common.sh: a shell in a terminal of tmux's, whose screen is looked at.
export LC_ALL=C.UTF-8
terminal() { tmux -S "$dir/tmux" -f /dev/null "$@"; }
end_terminal() { terminal kill-server 2>/dev/null; cleanup; }
trap end_terminal EXIT

# open_terminal COLUMNS ROWS: a bash with job control and nothing of the user's.
open_terminal() {
  terminal new-session -d -x "$1" -y "$2" "env PS1='shell:' bash --norc --noprofile -i"
  until_true 20 shows '^shell:'
}
screen() { terminal capture-pane -p >"$dir/screen"; cat "$dir/screen"; }
shows() { screen | grep -q -- "$1"; }
keys() { terminal send-keys "$@"; }
# settings_are_usual: as the shell gives them to the programs it runs.
settings_are_usual() {
  keys "clear; stty -a | tr '\\n' ' ' | grep -c ' isig icanon .* echo '" Enter
  until_true 20 shows '^1$'
}
