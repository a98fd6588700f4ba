# Completion of flashd for fish; made by `flashd completion fish`.
#
# flashd is given the words up to the cursor. It answers with one kind, value and help a line;
# fish quotes the values.
function __flashd_answer
    set -l words (commandline -opc)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    set -l typed (commandline -ct)
    set -l token (string unescape -- "$typed" 2>/dev/null; or echo -- "$typed")
    for line in ($program completion fish --answer -- $words "$token" 2>/dev/null)
        set -l answer (string split -m 1 \t -- $line)
        set -l stem (string match -r '^--[^=]*=' -- "$token")
        set -l rest (string replace -r '^--[^=]*=' '' -- "$token")
        switch $answer[1]
            case file
                printf "$stem%s\n" (__fish_complete_path "$rest")
            case dir
                printf "$stem%s\n" (__fish_complete_directories "$rest" '')
            case plain
                echo $answer[2]
        end
    end
end
complete -c flashd -f -k -a '(__flashd_answer)'
