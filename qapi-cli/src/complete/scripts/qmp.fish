# Completion for qmp. In ~/.config/fish/completions/qmp.fish: qmp completions fish | source
complete -c qmp -e
complete -c qmp -s s -l socket -r -F
complete -c qmp -f -a '(qmp complete-line fish (commandline -cp | string collect) 2>/dev/null)'
