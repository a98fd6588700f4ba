#compdef flashd
# Completion of flashd for zsh; made by `flashd completion zsh`.
#
# flashd is given the words up to the cursor. It answers with one kind, value and help a line;
# compadd quotes the values.
_flashd() {
    local kind value help
    local -a values shown
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            file|dir)
                [[ $PREFIX == --*=* ]] && compset -P '*='
                if [[ $kind == dir ]]; then _files -/; else _files; fi
                return ;;
            plain)
                values+=("$value")
                shown+=("$value${help:+  -- $help}") ;;
        esac
    done < <("${words[1]/#\~/$HOME}" completion zsh --answer -- \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( $#values )) && compadd -V flashd -d shown -a values
}
if [[ $funcstack[1] == _flashd ]]; then
    _flashd "$@"
else
    compdef _flashd flashd
fi
