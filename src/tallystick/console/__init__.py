"""The screens: what officers see and do, in Chinese and English, through the API alone.

Laws: a page asks the API with its visitor's own token, so that it can show and do nothing that the
visitor's role may not; it requests nothing from outside the host; what a person typed reaches a
page only escaped (`markupsafe.Markup` is the type of what is safe); no address and no page title
holds personal data.
"""
