#compdef qmp
# Completion for qmp. In ~/.zshrc, after compinit: source <(qmp completions zsh)
_qmp() {
    local value about
    local -a open closed open_shown closed_shown
    while IFS=$'\t' read -r value about; do
        case $value in
            *[=./]) open+=("$value"); open_shown+=("$value${about:+  -- $about}") ;;
            *) closed+=("$value"); closed_shown+=("$value${about:+  -- $about}") ;;
        esac
    done < <("${words[1]}" complete-line zsh "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
    if (( ! (${#open} + ${#closed}) )); then
        # Perhaps a file, behind its key.
        compset -P '*='
        _files
        return
    fi
    (( ${#open} )) && compadd -l -S '' -d open_shown -a open
    (( ${#closed} )) && compadd -l -d closed_shown -a closed
}
compdef _qmp qmp
