"""What CSV files of spreadsheets differ in."""


def delimiter_of(head: str) -> str:
    """What separates the cells: spreadsheets of many countries take semicolons.

    Args:
        head: The first line of the file.
    """
    return ';' if head.count(';') > head.count(',') else ','
