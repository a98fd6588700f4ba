"""The nouns of flashd, in IBM's and the field's words: frozen, validated, without I/O."""
