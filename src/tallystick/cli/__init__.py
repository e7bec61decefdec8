"""The command line: the API's verbs for officers, clerks and operators."""
