"""The logical data structure: what the files of a document say (Doc 9303-10 §4)."""
