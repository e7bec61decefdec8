"""Why a record is refused: one stable number and name for every code a transaction can end with.

Laws: a number is never used for another reason, and none is taken back; 1..6 are the chain's own,
in the order in which they are looked for, those from 100 are told by the rules. What each means
for people stands in the text room and in docs/records.md.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Refusal"]


class Refusal(IntEnum):
    """Codes greater than 0 of a transaction: that of its first failing record."""

    FORM = 1
    UNKNOWN = 2
    ID_HELD = 3
    REF_TO_NOTHING = 4
    ROLE = 5
    RULE = 6

    NO_CASE = 100
    NOT_OWNER = 101
    WRONG_STAGE = 102
    NO_OFFICER = 103
    RULES_NOT_IN_FORCE = 104
    RATED_MEMBER_ASKS = 105
    NOT_OF_THIS_CASE = 106
    NAMES_A_CASE = 107
    NEVER_AMENDED = 108
    NOT_TO_AMEND = 109

    AMOUNT_WITHOUT_PROGRAMME = 110
    FUND_TOO_SMALL = 111
    NO_LOAN = 112
    OVER_GRANTED = 113
    OVER_OWED = 114
    NO_APPROVAL = 115
    NOT_THE_PROGRAMME = 116
    NO_OFFER = 117
    DECISION_EXPIRED = 118
    ALREADY_APPROVED = 119
    ALREADY_LENT = 120
    OVER_APPROVED = 121
    OFFER_NOT_ACCEPTED = 122
    ALREADY_ANSWERED = 123
    NOT_THE_LENDER = 124
    TOO_MUCH_MONEY = 125
    NOT_PAID_OUT = 126

    NOT_CONCERNED = 130
    NO_SUCH_MEMBER = 131
    NAMES_ITSELF = 132
    CANNOT_HOLD = 133
    TIME_OUT_OF_RANGE = 134
    NOT_THE_STEP = 135
    BASIS_CHANGED = 136
    ALREADY_OVERRIDDEN = 137
    ALREADY_ENDORSED = 138
    OWN_RECORD = 139
    TOO_SOON = 140
    NOT_OPEN = 141
    OWN_APPEAL = 142
    NAME_TAKEN = 143
    ENTRY_DIFFERS = 144
    NOT_NEXT = 145
    NOT_OWN = 146
    ALREADY_WITHDRAWN = 147
    NOT_IN_FORCE = 148
    NOT_ASCENDING = 149
    ID_DIFFERS = 150
    MODEL_NOT_APPROVED = 151
    ALREADY_STATED = 152
    MODEL_RETIRED = 153
    NOT_CALIBRATED = 154

    NOT_THE_MONTH = 160
    NOT_THE_NUMBER = 161
    MORE_THAN_LENT = 162
    SUM_OF_FEW = 163
    MORE_THAN_OPENED = 164

    PARTS_DIFFER = 170
    COUNT_OF_FEW = 171
    POINTS_AT_ONE = 172

    NO_VOTES_HERE = 180
    NOT_A_CHANGE = 181
    TOO_MANY_CHANGES = 182
    CHANGE_CANNOT_STAND = 183
    NO_CHANGE = 184
    ALREADY_VOTED = 185

    NOT_A_CHAIN = 190
    ALREADY_LINKED = 191
    NO_CHAIN = 192
    NOT_ANCHORED = 193
    APPROVAL_NOT_PROVEN = 194
    WRONG_CHAIN = 195
    LIST_TOO_LONG = 196

    ALREADY_KEPT = 200
    NOT_KEPT = 201
