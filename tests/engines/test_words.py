from crn2sbml.engines.words import in_its_words, one_line


def test_messages_on_one_line() -> None:
    assert in_its_words(ValueError("a\n  b")) == "a b"
    assert in_its_words(ValueError()) == "ValueError"
    assert in_its_words(SyntaxError("bad", ("law", 1, 1, " k * \n"))).endswith(": k *")
    assert len(in_its_words("x" * 1000)) == 300
    assert one_line("red \x1b[31m\udcff\ttext\r\n") == "red [31m text"
