"""Files that somebody else made, looked at before a library is trusted with them.

A library that reads such a file may raise anything, believe sizes that are not there, or never
come back; what it does to a broken file becomes one sentence here.
"""
