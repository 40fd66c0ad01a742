# Completion for qmp. In ~/.bashrc: source <(qmp completions bash)
_qmp() {
    local IFS=$'\n'
    # Each candidate ends with a blank if the word is complete with it.
    compopt -o nospace
    COMPREPLY=($("${COMP_WORDS[0]}" complete-line bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
}
complete -o default -F _qmp qmp
