"""Which service fits a household, judged and matched: pure decisions and what carries them."""
