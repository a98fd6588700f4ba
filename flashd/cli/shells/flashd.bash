# Completion of flashd for bash; made by `flashd completion bash`.
#
# flashd is given the line up to the cursor, and bash's characters that break words, since bash
# replaces only what stands behind the last of them. It answers with one kind and value a line;
# the values are quoted already.
_flashd() {
    local kind value
    COMPREPLY=()
    while IFS=$'\t' read -r kind value; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <("${1/#\~/$HOME}" completion bash --answer -- \
        "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o nosort -F _flashd flashd 2>/dev/null || complete -F _flashd flashd
