"""The switches of FlashCopy itself, as rows of the list of all switches."""

_YES_NO = ("yes", "no")
_NUMBER = ("number",)

Row = tuple[str, str, tuple[str, ...], str, str]

ROWS: tuple[Row, ...] = (
    (
        "cascading",
        "by-level",
        ("by-level", "accept", "refuse"),
        "C",
        (
            "a target that is a source as well: `by-level` from code level 88.30 (release 8.3) "
            "on, `accept`, `refuse`"
        ),
    ),
    (
        "multinc",
        "by-level",
        ("by-level", "accept", "refuse"),
        "R",
        "`-multinc`: `by-level` from code level 88.40 on, `accept`, `refuse`",
    ),
    (
        "pairs_together",
        "no",
        _YES_NO,
        "U",
        "`yes`: no write falls between the pairs of a command without `-freeze`",
    ),
    (
        "long_busy_seconds",
        "300",
        _NUMBER,
        "R",
        "timer of a logical subsystem that has none of its own; 60 and 120 are recalled too",
    ),
    (
        "ese_pool_full",
        "fail-relation",
        ("fail-relation", "refuse-writes", "withdraw"),
        "I",
        (
            "a pool without space for a target: `fail-relation` (State `Tgt Failed`), "
            "`refuse-writes` to the source, or `withdraw`"
        ),
    ),
    (
        "reserved_target",
        "refuse",
        ("refuse", "accept"),
        "R",
        "a target with a SCSI reservation, without `-resetreserve`",
    ),
    (
        "mirrored_target",
        "refuse",
        ("refuse", "accept"),
        "R",
        "a target that is a remote mirror primary, without `-tgtpprc`",
    ),
    (
        "tgtoffline_on_fb",
        "accept",
        ("accept", "refuse"),
        "U",
        "`-tgtoffline`, which is meant for CKD volumes",
    ),
    (
        "set_revertible",
        "marks",
        ("marks", "resyncs"),
        "U",
        (
            "`setflashrevertible` keeps what the target holds; `resyncs`: brings it to a new "
            "point in time and keeps what it held"
        ),
    ),
    (
        "ese_release",
        "never",
        ("never", "on-establish"),
        "U",
        "a space efficient target gives back its tracks `never`, or `on-establish`",
    ),
    (
        "fast_reverse",
        "ruins",
        ("ruins", "keeps"),
        "R",
        (
            "`reverseflash -fast` of half a copy: the old target is `unpredictable`, or "
            "`keeps` its content"
        ),
    ),
    (
        "mkflash_wait",
        "copied",
        ("copied", "nothing"),
        "R",
        "what `mkflash -wait` waits for: `copied`, or `nothing`",
    ),
    (
        "rmflash_options",
        "accept",
        ("accept", "refuse"),
        "R",
        "`rmflash -cp`, `-resync`, `-seqnum`; `refuse`: they are not known",
    ),
    (
        "lsflash_filters",
        "accept",
        ("accept", "refuse"),
        "R",
        (
            "`lsflash -activecp`, `-record`, `-persist`, `-revertible`, `-cp`; `refuse`: they "
            "are not known"
        ),
    ),
    (
        "resync_while_copying",
        "refuse",
        ("refuse", "accept"),
        "U",
        "`accept`: the new changes are added to what is left",
    ),
    (
        "ese_without_tgtse",
        "refuse",
        ("refuse", "accept"),
        "I",
        "a space efficient target without `-tgtse`",
    ),
    (
        "tgtse_on_standard",
        "accept",
        ("accept", "refuse"),
        "U",
        "`-tgtse` where the target is a standard volume",
    ),
    (
        "standard_target_word",
        "-",
        ("-", "Standard", "No"),
        "U",
        "`lsflash -l`: isTgtSE where the target is a standard volume: `-`, `Standard`, `No`",
    ),
    (
        "sequence_number",
        "as-given",
        ("as-given", "four-digits"),
        "R",
        "`four-digits`: SequenceNum is `0010`, not `10`",
    ),
    ("created_on_resync", "no", _YES_NO, "U", "a resync sets DateCreated too"),
    ("synced_on_establish", "yes", _YES_NO, "I", "`no`: DateSynced is `-` until the first resync"),
    (
        "withdraw_message",
        "CMUC00140I",
        ("CMUC00140I", "CMUN81131I"),
        "R",
        "or `CMUN81131I` (V, of medium trust)",
    ),
)
