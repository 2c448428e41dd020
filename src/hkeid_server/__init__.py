"""The Flask reference server over hkeid."""
