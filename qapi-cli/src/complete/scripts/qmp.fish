# Completion for qmp. In ~/.config/fish/completions/qmp.fish: qmp completions fish | source
function __qmp_candidates
    qmp complete-line fish (commandline -cp | string collect) 2>/dev/null
end
# Files stand in values, and as what these take.
function __qmp_takes_file
    string match -q '*=*' -- (commandline -ct); and return
    set -l words (commandline -opc)
    set -q words[2]; and contains -- $words[-1] run record replay cp --json --fd
end
complete -c qmp -e
complete -c qmp -f -a '(__qmp_candidates)'
complete -c qmp -s s -l socket -r -F -a '(__qmp_candidates)'
complete -c qmp -n __qmp_takes_file -F
