"""Errors of files that are read in, and of the mappings that say how, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import NOTHING_CHANGED, ProblemRow, problem_table

__all__ = ["FILE_PROBLEMS"]

_FILE: Final = Phrase(
    "文件没有改动，有问题的行不会采用。", "The file is as it was; no row at fault is used."
)
_MAPPING: Final = problem_table(
    "mapping",
    {
        "absent": (
            "打不开对照表",
            "The mapping cannot be opened",
            NOTHING_CHANGED,
            "核对路径和读取权限。",
            "Check the path and the right to read it.",
        ),
        "date": (
            "日期写法不能用",
            "A date pattern cannot be used",
            NOTHING_CHANGED,
            '写成 "YYYY-MM-DD"、"days since 1960-01-01" 或 sas_days。',
            'Write one such as "YYYY-MM-DD", "days since 1960-01-01" or sas_days.',
        ),
        "empty": (
            "对照表里什么字段都没有",
            "The mapping names no field and no feature",
            NOTHING_CHANGED,
            "添上 [fields]。",
            "Add [fields].",
        ),
        "leak": (
            "有字段读了不该读的列",
            "A field reads a column that may not be read",
            NOTHING_CHANGED,
            "去掉它，或换一列：结果、受保护或事后才知道的列不能读。",
            "Drop it or read another: no outcome, protected or later-known column may be read.",
        ),
        "unit": (
            "没有这个单位",
            "There is no such unit",
            NOTHING_CHANGED,
            "从提示列出的单位里选。",
            "Take one of those the message names.",
        ),
        "unknown_key": (
            "对照表里有一个词不起作用",
            "A key of the mapping means nothing there",
            NOTHING_CHANGED,
            "换成提示里最接近的，或看 docs/mapping.md。",
            "Take the nearest one the message names, or see docs/mapping.md.",
        ),
        "unknown_target": (
            "对照表要填的字段，申请里没有",
            "The mapping fills a field that applications do not have",
            NOTHING_CHANGED,
            "字段见 docs/mapping.md。",
            "See docs/mapping.md for the fields.",
        ),
        "unreadable": (
            "对照表不是 TOML",
            "The mapping is not TOML",
            NOTHING_CHANGED,
            "到提示的那一处改正。",
            "Correct it where the message says.",
        ),
        "value": (
            "对照表里有一个值不能用",
            "A key of the mapping has a value it cannot have",
            NOTHING_CHANGED,
            "照 docs/mapping.md 改正。",
            "Correct it as docs/mapping.md says.",
        ),
    },
)
_WHOLE: Final = problem_table(
    "source",
    {
        "absent": (
            "打不开文件",
            "The file cannot be opened",
            _FILE,
            "核对路径和读取权限。",
            "Check the path and the right to read it.",
        ),
        "arff": (
            "这种 ARFF 读不了",
            "This form of ARFF is not read",
            _FILE,
            "存成稠密的 ARFF，或带表头的 CSV。",
            "Save it as dense ARFF, or as CSV with a header.",
        ),
        "binary": (
            "这不是文本文件",
            "The file is not text",
            _FILE,
            "把表格导出成 UTF-8 的 CSV。",
            "Export the table as CSV in UTF-8.",
        ),
        "bomb": (
            "压缩文件解开后太大",
            "The packed file grows beyond its limit",
            _FILE,
            "自己解开看一看，再给解开的文件。",
            "Unpack it yourself, look at it, and give the plain file.",
        ),
        "columns": (
            "表头和列与对照表不符",
            "Header and columns do not fit the mapping",
            _FILE,
            "核对对照表 [file] 里的分隔符、表头和列名。",
            "Check delimiter, header and columns in [file] of the mapping.",
        ),
        "columns_missing": (
            "文件里少了要读的列",
            "The file lacks columns that the mapping reads",
            _FILE,
            "改正列名、分隔符，或 [file] 里的 header 和 columns。",
            "Correct the names, the delimiter, or header and columns of [file].",
        ),
        "empty": (
            "文件里一行也没有",
            "The file holds no row",
            _FILE,
            "连同各行重新导出。",
            "Export it again, with its rows.",
        ),
        "encoding": (
            "文字编码不对",
            "The file is not in the declared encoding",
            _FILE,
            '在 [file] 里写 encoding = "utf-8"、"gbk" 或 "gb18030"，或重新导出。',
            'Declare encoding = "utf-8", "gbk" or "gb18030" in [file], or export it again.',
        ),
        "format": (
            "文件格式与对照表写的不同",
            "The file is of another format than the mapping says",
            _FILE,
            "改正 [file] 里的 format，或去掉它。",
            "Correct format in [file], or leave it out.",
        ),
        "header_twice": (
            "有两列同名",
            "Two columns carry one name",
            _FILE,
            "在 [file] 的 columns 里写全列名，或改文件里的一个。",
            "Name every column in columns of [file], or rename one in the file.",
        ),
        "member": (
            "压缩包里找不到要读的文件",
            "The archive does not hold the one file to read",
            _FILE,
            "只压一个文件，或在对照表里写明是哪一个。",
            "Pack one file, or name it in the mapping.",
        ),
        "packing": (
            "压缩文件损坏或不完整",
            "The packed file is broken or cut short",
            _FILE,
            "重新复制，与原件比大小。",
            "Copy it again and compare its size with the original.",
        ),
        "stream": (
            "要读两遍，而这里只能读一遍",
            "Two passes are needed and this can be read once",
            _FILE,
            "先存成文件。",
            "Save it to a file first.",
        ),
        "unreadable": (
            "读到一半停了",
            "Reading stopped half-way",
            _FILE,
            "查看磁盘或网络盘，再从头开始。",
            "Check the disk or the network drive, and start again.",
        ),
    },
)
_SHEET: Final = problem_table(
    "source",
    {
        "formula": (
            "工作簿里有公式没有算出值",
            "A formula of the workbook holds no value",
            _FILE,
            "用表格软件打开，算好再保存。",
            "Open it in a spreadsheet program, let it calculate, and save it.",
        ),
        "formula_error": (
            "有一格显示的是错误",
            "A cell shows an error instead of a value",
            _FILE,
            "改正公式，或在 [file] 的 missing 里写明这个错误。",
            "Correct the formula, or name the error in missing of [file].",
        ),
        "number_long": (
            "有个数字太长，工作簿存不全",
            "A number has more digits than a workbook keeps",
            _FILE,
            "把这一列设为文本，照原件重新输入。",
            "Format the column as text, and enter the digits again from their source.",
        ),
        "sheet_broken": (
            "工作簿读不出来",
            "The workbook cannot be read",
            _FILE,
            "用表格软件打开，另存为 .xlsx 或 CSV。",
            "Open it in a spreadsheet program and save it as .xlsx or CSV.",
        ),
        "sheet_encrypted": (
            "工作簿有密码",
            "The workbook has a password",
            _FILE,
            "用密码打开，去掉密码再保存。",
            "Open it with its password, take the password away, and save it.",
        ),
        "sheet_large": (
            "工作簿太大",
            "A part of the workbook is too large",
            _FILE,
            "只把这张表存成新的工作簿或 CSV。",
            "Save the list alone in a new workbook, or as CSV.",
        ),
        "sheet_link": (
            "工作簿引用了别的文件",
            "The workbook takes values from other files",
            _FILE,
            "断开链接（数据 - 编辑链接），留下数值再保存。",
            "Break the links (Data, Edit Links), so that the values stay, and save it.",
        ),
        "sheet_macro": (
            "工作簿带有宏",
            "The workbook carries macros",
            _FILE,
            "另存为 .xlsx，宏就没有了。",
            "Save it as .xlsx, which drops macros.",
        ),
        "sheet_missing": (
            "工作簿里没有这张表",
            "The workbook has no such sheet",
            _FILE,
            "改正 [file] 里的 sheet，或去掉它，读第一张可见的表。",
            "Correct sheet in [file], or leave it out for the first visible one.",
        ),
        "sheet_old": (
            "工作簿是旧格式",
            "The workbook is of an older form",
            _FILE,
            "用表格软件打开，另存为 .xlsx。",
            "Open it in a spreadsheet program and save it as .xlsx.",
        ),
    },
)
_ROW: Final = problem_table(
    "source",
    {
        "cell_too_long": (
            "有一格太长",
            "A cell is too long",
            _FILE,
            "缩短它，或把前面没有关上的引号关上。",
            "Shorten it, or close a quote that was opened before it.",
        ),
        "json": (
            "有一行不是完整的 JSON",
            "A line is not one whole JSON object",
            _FILE,
            "一行写一个完整的 JSON 对象。",
            "Write one whole JSON object per line.",
        ),
        "key": (
            "有一行的编号太长",
            "A row's id is too long",
            _FILE,
            "在 [case] 里写编号所在的列，不要写长文字。",
            "Name the column of the id in [case], not a text.",
        ),
        "key_twice": (
            "一份资料里同一项写了两次",
            "A document holds one key twice",
            _FILE,
            "留下一个：要哪个，程序无从知道。",
            "Keep one of them; which is meant cannot be known.",
        ),
        "line_too_long": (
            "有一行太长",
            "A line is too long",
            _FILE,
            "一行一条记录，以换行结束。",
            "Write one record per line, ended by a line feed.",
        ),
        "quote": (
            "引号没有在一格的末尾关上",
            "A quote does not close where its cell ends",
            _FILE,
            "格内的引号写两遍。",
            "Write a quote inside a quoted cell twice.",
        ),
        "quote_open": (
            "有个引号一直没有关上",
            "A quote never closes",
            _FILE,
            "关上它，或把格内的引号写两遍。",
            "Close it, or write a quote inside a quoted cell twice.",
        ),
        "ragged": (
            "有一行的格数与表头不同",
            "A row has another number of cells than the header",
            _FILE,
            "给含分隔符的格加引号，或改正分隔符。",
            "Quote cells that hold the delimiter, or declare the right delimiter.",
        ),
        "required": (
            "有一行缺了必填的内容",
            "A row lacks what is required",
            _FILE,
            "补全这一行，或给默认值并去掉 required。",
            "Complete the row, or give a default and drop required.",
        ),
        "target_unknown": (
            "有一个结果既不是好、坏，也不是不明",
            "An outcome is none of good, bad and unknown",
            _FILE,
            "在 [target] 里归到三者之一。",
            "Add it to one of the three in [target].",
        ),
        "too_deep": (
            "资料层次太深",
            "A document nests too deep",
            _FILE,
            "先展平再读。",
            "Flatten it before it is read.",
        ),
    },
)
_VALUE: Final = problem_table(
    "source",
    {
        "date": (
            "有一个日期不合写法",
            "A value is no date of the declared pattern",
            _FILE,
            "改正这一行，或改正日期写法；见 docs/mapping.md。",
            "Correct the row, or the field's date pattern; see docs/mapping.md.",
        ),
        "elements": (
            "清单里有重复，或太多",
            "A list holds an element twice, or too many",
            _FILE,
            "每样只写一次。",
            "State each element once.",
        ),
        "full_width": (
            "数字用了全角",
            "A number is written in full-width digits",
            _FILE,
            "在 [file] 里写 full_width = true。",
            "Declare full_width = true in [file].",
        ),
        "ident": (
            "应是短名的值含有空白",
            "A value that should be a short name holds blanks",
            _FILE,
            "用 values 换成短名。",
            "Translate it with values into a short name.",
        ),
        "inexact": (
            "有个值化不成整的分、天或百万分",
            "A value does not come to whole fen, days or ppm",
            _FILE,
            '写 round = "nearest"、"floor" 或 "ceiling"，或改正单位。',
            'Declare round = "nearest", "floor" or "ceiling", or correct the unit.',
        ),
        "level_unknown": (
            "有个值不在所列的档次里",
            "A value is none of the declared levels",
            _FILE,
            '添到 levels，或用 values 和 others = "missing" 换掉。',
            'Add it to levels, or translate it with values and others = "missing".',
        ),
        "not_finite": (
            "有个值是无穷大或不是数",
            "A value is infinite or not a number",
            _FILE,
            "如果表示不明，写到 missing 里。",
            "If it stands for unknown, name it in missing.",
        ),
        "not_flag": (
            "有个值应是“是”或“否”",
            "A value that should be yes or no is neither",
            _FILE,
            "换一下：values = {yes = 1, no = 0}。",
            "Translate it: values = {yes = 1, no = 0}.",
        ),
        "not_list": (
            "有个值应是清单",
            "A value that should be a list is none, or has gaps",
            _FILE,
            '写成清单，或写明分隔：split = ";"。',
            'Give a list, or declare the mark between elements: split = ";".',
        ),
        "not_map": (
            "对照表的路径走不进去",
            "A path of the mapping leads into what holds nothing",
            _FILE,
            "改正对照表里的路径，或这一行。",
            "Correct the path in the mapping, or the row.",
        ),
        "not_number": (
            "有个值应是数字",
            "A value that should be a number is none",
            _FILE,
            "表示不明的写到 missing；是代码就用 values。",
            "If it stands for unknown, name it in missing; if it is a code, use values.",
        ),
        "not_scalar": (
            "要一个值的地方是清单或表",
            "A list or map stands where one value is read",
            _FILE,
            "写到里面的路径，如 debts[].balance。",
            "Name a path inside it, such as debts[].balance.",
        ),
        "range": (
            "有个值超出范围",
            "A value leaves its field's range",
            _FILE,
            "核对单位；99999999 之类的代码写到 missing。",
            "Check the unit; name codes such as 99999999 in missing, or declare clamp.",
        ),
        "separator": (
            "数字里有没写明的分隔符",
            "A number carries a separator that is not declared",
            _FILE,
            '在 [file] 里写 thousands = "," 或 decimal = ","。',
            'Declare it in [file]: thousands = "," or decimal = ",".',
        ),
        "unit_in_value": (
            "数字旁边带着单位",
            "A unit or sign stands beside a number",
            _FILE,
            '写明它：suffixes = {"万元" = 10000, "元" = 1}，或整理这一列。',
            "Declare it with suffixes in the mapping, or clean the column.",
        ),
        "value_unknown": (
            "有个代码不在对照表里",
            "A code of the column is not in the mapping's table",
            _FILE,
            '添到 values，或写 others = "keep" 或 "missing"。',
            'Add it to values, or declare others = "keep" or "missing".',
        ),
    },
)
FILE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **_MAPPING,
    **_WHOLE,
    **_SHEET,
    **_ROW,
    **_VALUE,
}
"""By code."""
