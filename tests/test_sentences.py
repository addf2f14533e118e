from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess import sentence_ends
from preprocess.records import Document, Dropped, Passage, Sentence
from preprocess.sentences import MAX_SENTENCE_CHARS, normalise, sentences_of, split_sentences

ROOT = Path(__file__).resolve().parent.parent
POSTINGS = ROOT.parent / "shared" / "data" / "postings" / "google_job_skills.csv"
PATIENT = settings(deadline=None, derandomize=True)  # the first call loads spaCy
LONG = "We are looking for an engineer who has worked for many years with"

SPLITS: list[tuple[str, list[str]]] = [
    # abbreviations within a sentence
    ("Know a language (e.g. Python, R). Ship it.", ["Know a language (e.g. Python, R).", "Ship it."]),
    ("Experience with e.g. R, Python, Matlab, pandas", ["Experience with e.g. R, Python, Matlab, pandas"]),
    (
        "Use tools (e.g., R, Python, MATLAB, pandas) and database languages (e.g., SQL).",
        ["Use tools (e.g., R, Python, MATLAB, pandas) and database languages (e.g., SQL)."],
    ),
    ("Own it, i.e. the queue. Then rest.", ["Own it, i.e. the queue.", "Then rest."]),
    ("A Sr. Engineer and a Jr. Analyst meet Dr. Wu.", ["A Sr. Engineer and a Jr. Analyst meet Dr. Wu."]),
    ("Ask Ms. Lee, Mme. Ray or Mr. Poe.", ["Ask Ms. Lee, Mme. Ray or Mr. Poe."]),
    ("A BS or MS. Experience in labs.", ["A BS or MS.", "Experience in labs."]),
    ("Java vs. Kotlin is settled.", ["Java vs. Kotlin is settled."]),
    ("Approx. 40 clients, incl. Two banks", ["Approx. 40 clients, incl. Two banks"]),
    ("See No. 5 and Fig. 2 first.", ["See No. 5 and Fig. 2 first."]),
    ("Is it so? No. We asked.", ["Is it so?", "No.", "We asked."]),
    ("Work with J. Smith and D. E. Shaw.", ["Work with J. Smith and D. E. Shaw."]),
    ("Live near St. Anne River, Ft. Pierce.", ["Live near St. Anne River, Ft. Pierce."]),
    ("Bend pipe up to 2 in. by hand today.", ["Bend pipe up to 2 in. by hand today."]),
    ("Lift 50 lbs. repeatedly for 8 hrs. a day.", ["Lift 50 lbs. repeatedly for 8 hrs. a day."]),
    ("Come at 2 or 4 p.m., Tues. to Thurs., and ask.", ["Come at 2 or 4 p.m., Tues. to Thurs., and ask."]),
    ("Bright Anvil Inc. Spokane office", ["Bright Anvil Inc. Spokane office"]),
    ("A U.S. Department of Labor grant", ["A U.S. Department of Labor grant"]),
    ("Paged between 10 p.m. and 6 a.m. local time.", ["Paged between 10 p.m. and 6 a.m. local time."]),
    ("A B.S. in physics or an M.S. Degree", ["A B.S. in physics or an M.S. Degree"]),
    ("Bachelor of Science in Nursing (B.S.N.).", ["Bachelor of Science in Nursing (B.S.N.)."]),
    # the same abbreviations at the end of one
    ("Python, SQL, etc. You will own both.", ["Python, SQL, etc.", "You will own both."]),
    ("Know SAP, etc. Identify new markets now.", ["Know SAP, etc.", "Identify new markets now."]),
    ("(SQL, etc.) Python", ["(SQL, etc.) Python"]),
    ("You must live in the U.S. We do not sponsor.", ["You must live in the U.S.", "We do not sponsor."]),
    ("You join Acme Inc. The team is small.", ["You join Acme Inc.", "The team is small."]),
    ("She holds a Ph.D. Experience in labs helps.", ["She holds a Ph.D.", "Experience in labs helps."]),
    ("We open at 8 a.m. Please be early.", ["We open at 8 a.m.", "Please be early."]),
    # dotted names, versions, numbers, addresses
    ("We use .NET and ASP.NET. You too.", ["We use .NET and ASP.NET.", "You too."]),
    ("Node.js, Vue.js, D3.js and Asp.Net. Also C#.", ["Node.js, Vue.js, D3.js and Asp.Net.", "Also C#."]),
    ("C, C++, C# and F#. Then Go.", ["C, C++, C# and F#.", "Then Go."]),
    ("Python 3.11 or v2.0. GPA of 4.1!", ["Python 3.11 or v2.0.", "GPA of 4.1!"]),
    ("Use Salesforce.com or Booking.com. We pay.", ["Use Salesforce.com or Booking.com.", "We pay."]),
    ("See https://a.example/x.Y?z=1. Then apply.", ["See https://a.example/x.Y?z=1.", "Then apply."]),
    ("Write to Jo.Poe@acme.example. Thank you.", ["Write to Jo.Poe@acme.example.", "Thank you."]),
    ("Open www.CalCareers.example for more", ["Open www.CalCareers.example for more"]),
    ("Free since 1935. Since then we grew.", ["Free since 1935.", "Since then we grew."]),
    # missing spaces, quotes, brackets, other marks
    ("Help the teams.You will like it.", ["Help the teams.", "You will like it."]),
    ("Know C++.Must know Go.I am a dev.I code", ["Know C++.", "Must know Go.", "I am a dev.", "I code"]),
    ("See acme.com/jobs.Apply or hr@acme.com.You", ["See acme.com/jobs.", "Apply or hr@acme.com.", "You"]),
    ("Dental, etc.Must pass. B.Com. or M.Sc.", ["Dental, etc.", "Must pass.", "B.Com. or M.Sc."]),
    ("A degree (or equivalent).The rest is easy", ["A degree (or equivalent).", "The rest is easy"]),
    ("He said “Ship it.” Then he left.", ["He said “Ship it.”", "Then he left."]),
    ('We say "go." "Stop" is rare.', ['We say "go."', '"Stop" is rare.']),
    ("We ship. (It is fun.) You ship.", ["We ship.", "(It is fun.)", "You ship."]),
    ("Tools (Python. SQL. Java) are a must.", ["Tools (Python. SQL. Java) are a must."]),
    ("And more... You decide. Well… We help.", ["And more...", "You decide.", "Well…", "We help."]),
    ("No experience needed! We train you. Ready?", ["No experience needed!", "We train you.", "Ready?"]),
    ("Some Go; some Rust; some C.", ["Some Go; some Rust; some C."]),
    ("cut costs by half. mentored two new people.", ["cut costs by half.", "mentored two new people."]),
    ("We build mobile. iOS comes first.", ["We build mobile.", "iOS comes first."]),
    ("Built it. 🎉 Shipped it. 🚀", ["Built it.", "🎉 Shipped it. 🚀"]),
    ("我们在招聘。你会写代码吗？欢迎。", ["我们在招聘。", "你会写代码吗？", "欢迎。"]),
    ("نبحث عن مهندس. هل أنت جاهز؟ تعال.", ["نبحث عن مهندس.", "هل أنت جاهز؟", "تعال."]),
    ("हम भर्ती कर रहे हैं। आप आइए।", ["हम भर्ती कर रहे हैं।", "आप आइए।"]),
    # bullets
    ("• Go\n· SQL\n– Qt\n* C\n- Rust\n▪ R\n◦ J\n● K", ["Go", "SQL", "Qt", "C", "Rust", "R", "J", "K"]),
    ("\x7f Lead a team\n\x7f Plan the work", ["Lead a team", "Plan the work"]),
    ("o Manage staff\no\nHire staff", ["Manage staff", "Hire staff"]),
    ("1. Plan\n2) Do\n(a) Test\nb) Ship\niv. Rest\n(3) Go", ["Plan", "Do", "Test", "Ship", "Rest", "Go"]),
    ("-5 degrees\n3.11 or newer\n401(k)\n24/7", ["-5 degrees", "3.11 or newer", "401(k)", "24/7"]),
    ("(3) years of experience", ["(3) years of experience"]),
    ("A. Smith\no365 admin\n--verbose", ["A. Smith", "o365 admin", "--verbose"]),
    ("-Write it\n*Read it\n✓ Ship it\n\uf0b7 Fix it", ["Write it", "Read it", "Ship it", "Fix it"]),
    ("• Python • SQL • Docker", ["Python", "SQL", "Docker"]),
    ("Portland · Hybrid · Full time", ["Portland · Hybrid · Full time"]),
    ("- Diploma, required- Strong skills", ["Diploma, required", "Strong skills"]),
    ("We ask: 1. Python 2. SQL 3. Go", ["We ask:", "Python", "SQL", "Go"]),
    ("1) Plan 2) Build it.", ["Plan", "Build it."]),
    ("We ask: 5. Python", ["We ask: 5. Python"]),
    ("In grade 1. In grade 2. In grade 3. Done", ["In grade 1.", "In grade 2.", "In grade 3.", "Done"]),
    ("Python •\nSQL", ["Python", "SQL"]),
    ("[x] Done\n[ ] Open", ["Done", "Open"]),
    ("- \n•\n---\nGo", ["Go"]),
    ("Know Excel.\\n2. Know Word.", ["Know Excel.", "Know Word."]),
    # lines that a page has broken
    (LONG + "\nlarge clusters", [LONG + " large clusters"]),
    (LONG + " Prometheus, Grafana and\nKubernetes", [LONG + " Prometheus, Grafana and Kubernetes"]),
    (LONG + " full-\nstack teams", [LONG + " full-stack teams"]),
    (LONG + " develop-\nment teams", [LONG + " development teams"]),
    (LONG + " develop\xad\nment teams", [LONG + " development teams"]),
    (LONG + " short-\nand long-term plans", [LONG + " short- and long-term plans"]),
    (LONG + " Go.\nYou join us", [LONG + " Go.", "You join us"]),
    (LONG + " a list:\nlarge clusters", [LONG + " a list:", "large clusters"]),
    (LONG + "\n\nlarge clusters", [LONG, "large clusters"]),
    (LONG + "\n- large clusters", [LONG, "large clusters"]),
    ("Must be punctual\nMust be kind", ["Must be punctual", "Must be kind"]),
    ("python\nsql\ndocker", ["python", "sql", "docker"]),
    ("Hire a Sr.\nEngineer", ["Hire a Sr. Engineer"]),
    ("What we are looking for\nPython", ["What we are looking for", "Python"]),
    (LONG.lower() + " code\n" + LONG.lower() + " data", [LONG.lower() + " code", LONG.lower() + " data"]),
    (LONG + " passion,\nExperience with trains", [LONG + " passion,", "Experience with trains"]),
    (LONG + " passion,\nPrometheus and trains", [LONG + " passion, Prometheus and trains"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentences"), SPLITS, ids=[text[:40] for text, _ in SPLITS])
def test_split(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


NORMAL = [
    ("a\u00a0b\u2003c\td\n e ", "a b c d e"),
    ("Cafe\u0301", "Café"),
    ("\ufeffPy\u200bthon\x00 \x1b[31mred\x1b[0m \x1b]0;title\x07x", "Python red x"),
    ("soft\xadware", "software"),
    ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
    ("Py\u200dthon\u200c", "Python"),
    ("abc\u202edef\u2066", "abcdef"),
    ("\U0001f3f4\U000e0067\U000e007f a\U000e0061\U000e0062", "\U0001f3f4\U000e0067\U000e007f a"),
    ("bad\ud800half", "badhalf"),
    ("\u200fשלום", "\u200fשלום"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NORMAL)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


def posting(*passages: tuple[str, str]) -> Document:
    return Document("posting", "/jobs/1.txt", "", tuple(Passage(section, text) for section, text in passages))


def test_sentences_are_counted_over_passages_and_carry_their_section() -> None:
    kept, dropped = sentences_of(posting(("Duties", "Write code. Read code."), ("Perks", "- Tea")))
    assert kept == [
        Sentence("Write code.", 0, "Duties"),
        Sentence("Read code.", 1, "Duties"),
        Sentence("Tea", 2, "Perks"),
    ]
    assert dropped == []


def test_a_heading_in_plain_text_becomes_the_section_of_the_lines_after_it() -> None:
    kept, dropped = sentences_of(
        posting(("", "Acme builds boats.\n\nRequirements:\n• Python\n\nNice to have\nSQL"))
    )
    assert [(sentence.section, sentence.text) for sentence in kept] == [
        ("", "Acme builds boats."),
        ("Requirements", "Python"),
        ("Nice to have", "SQL"),
    ]
    assert dropped == [
        Dropped("heading", "/jobs/1.txt", "Requirements:"),
        Dropped("heading", "/jobs/1.txt", "Nice to have"),
    ]


def test_headings_are_looked_for_where_the_section_says_nothing_and_not_elsewhere() -> None:
    text = "Requirements:\nPython"
    kept, _ = sentences_of(posting(("Job_Description", text), ("Responsibilities", text)))
    assert [(sentence.section, sentence.text) for sentence in kept] == [
        ("Requirements", "Python"),
        ("Responsibilities", "Requirements:"),
    ]


def test_a_second_sentence_that_differs_only_in_case_spaces_and_marks_is_dropped() -> None:
    kept, dropped = sentences_of(posting(("Duties", "Write code.\nRead code."), ("Tasks", "- WRITE  code!")))
    assert [sentence.text for sentence in kept] == ["Write code.", "Read code."]
    assert dropped == [Dropped("repeated", "/jobs/1.txt", "WRITE code!")]


@pytest.mark.parametrize(("one", "other"), [("Use C", "Use C++"), ("Use C#", "Use C"), ("GPA 3.5", "GPA 35")])
def test_near_repeats_that_mean_something_else_are_kept(one: str, other: str) -> None:
    kept, _ = sentences_of(posting(("Skills", f"{one}\n{other}")))
    assert [sentence.text for sentence in kept] == [one, other]


def test_a_sentence_without_a_letter_of_any_script_is_dropped() -> None:
    kept, dropped = sentences_of(posting(("Pay", "$40,000 – $50,000\nзарплата\n工资\n🎉")))
    assert [sentence.text for sentence in kept] == ["зарплата", "工资"]
    assert [drop.reason for drop in dropped] == ["no letters", "no letters"]


def test_an_empty_passage_and_a_document_without_passages_are_reported() -> None:
    assert sentences_of(posting(("Duties", " \n•\n"))) == ([], [Dropped("empty", "/jobs/1.txt", "Duties")])
    assert sentences_of(posting()) == ([], [Dropped("empty", "/jobs/1.txt", "")])


def test_a_drop_names_the_first_60_characters() -> None:
    text = "Write code that people who come after you can read and change without fear"
    _, dropped = sentences_of(posting(("Duties", f"{text}\n{text}")))
    assert dropped[0].where == text[:60]


def test_a_very_long_sentence_is_cut_after_a_clause() -> None:
    clause = "and we like people who read, "
    pieces = split_sentences("We hire " + clause * 4000)
    assert all(len(piece) <= MAX_SENTENCE_CHARS and piece.endswith(",") for piece in pieces)
    assert " ".join(pieces) == ("We hire " + clause * 4000).strip()


def test_a_word_longer_than_a_sentence_may_be_is_cut_anywhere() -> None:
    pieces = split_sentences("x" * 100_000)
    assert [len(piece) for piece in pieces] == [MAX_SENTENCE_CHARS] * 50


def test_a_line_longer_than_spacy_takes_is_split_as_short_ones_are() -> None:
    assert split_sentences("We go. " * 200_000) == ["We go."] * 200_000


def test_the_tokenizer_is_made_anew_before_its_vocabulary_grows_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proposer = sentence_ends._Proposer()
    assert proposer.starts("One two. Three four.") == [0, 9]
    first = proposer._pipeline
    assert proposer.starts("One two! Three four.") == [0, 9]
    assert proposer._pipeline is first
    monkeypatch.setattr(sentence_ends, "MAX_VOCABULARY", 1)
    assert proposer.starts("One two. Three four.") == [0, 9]
    assert proposer._pipeline is not first


def test_threads_split_alike() -> None:
    texts = [text for text, _ in SPLITS] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(split_sentences, texts)) == [sentences for _, sentences in SPLITS] * 4


def test_a_text_posting_falls_into_its_sections() -> None:
    text = (ROOT / "fixtures" / "postings" / "restaurant_cook.txt").read_text(encoding="utf-8")
    kept, dropped = sentences_of(posting(("", text)))
    counts = Counter(sentence.section for sentence in kept)
    assert counts == {"": 4, "THE WORK": 6, "WHAT WE ASK": 4, "GOOD TO KNOW": 5}
    assert kept[13].text.startswith("Able to stand for 10 hrs., work nights, weekends and holidays")
    assert kept[-1].text == "To apply, come by between 2 and 4 p.m., Tues. to Thurs., and ask for Inez."
    assert {drop.reason for drop in dropped} == {"heading"}


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


HARD_WORDS = """
    team Python data e.g. i.e. etc. Sr. U.S. Inc. Ph.D. p.m. Node.js .NET C++ C# 3.11 401(k) 24/7 teams.You
    You The https://a.example/b.C me@acme.example J. (see below) “quoted” "said" and, full- stack ment 50
    lbs. ... … 你好。 नमस्ते। مرحبا؟ 👩\u200d💻 Café wow! why? one; two: No. 5 a.m. equivalent).The well-known
    it's developers’ C#.Must 1. 2.
"""
WORDS = st.sampled_from(HARD_WORDS.split())
SPACES = st.sampled_from(
    [" ", " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\n• ", "\n- ", "\u2028"]
)
PROSE = st.lists(st.tuples(WORDS, SPACES), max_size=60).map(lambda parts: "".join(a + b for a, b in parts))


@PATIENT
@given(PROSE)
def test_no_letter_is_lost_and_no_sentence_is_empty(text: str) -> None:
    sentences = split_sentences(text)
    assert letters("".join(sentences)) == letters(normalise(text))
    assert all(sentence and sentence == normalise(sentence) for sentence in sentences)


@PATIENT
@given(PROSE)
def test_a_sentence_is_one_sentence(text: str) -> None:
    for sentence in split_sentences(text):
        assert split_sentences(sentence) == [sentence]


@PATIENT
@given(st.text(max_size=400))
def test_any_text_can_be_split(text: str) -> None:
    for sentence in split_sentences(text):
        assert sentence.strip()
        assert len(sentence) <= MAX_SENTENCE_CHARS
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in sentence)


@PATIENT
@given(st.text())
def test_normalise_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@PATIENT
@given(st.lists(st.text(max_size=40), max_size=8))
def test_every_sentence_is_kept_or_dropped_and_the_index_counts_the_kept(texts: list[str]) -> None:
    document = posting(*(("Duties", text) for text in texts))
    kept, dropped = sentences_of(document)
    assert [sentence.index for sentence in kept] == list(range(len(kept)))
    split = [sentence for text in texts for sentence in split_sentences(text)]
    empty = sum(drop.reason == "empty" for drop in dropped)
    assert len(kept) + len(dropped) - empty == len(split)
    assert len({sentence.text for sentence in kept}) == len(kept)


@settings(PATIENT, max_examples=25)
@given(st.characters(), st.integers(1_000, 5_000))
def test_one_character_over_and_over_is_cut_to_size(char: str, count: int) -> None:
    assert all(len(sentence) <= MAX_SENTENCE_CHARS for sentence in split_sentences(char * count))


def test_real_postings_give_no_fragments() -> None:
    if not POSTINGS.is_file():
        pytest.skip("shared/data/postings/google_job_skills.csv is not there")
    with POSTINGS.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[:300]
    columns = ("Responsibilities", "Minimum Qualifications", "Preferred Qualifications")
    sentences = [sentence for row in rows for column in columns for sentence in split_sentences(row[column])]
    assert [sentence for sentence in sentences if sentence[0] in ",.;:)" or len(letters(sentence)) < 3] == []
    ends = ("e.g.", "i.e.", "(e.g", "incl.", "vs.", "Sr.")
    assert [sentence for sentence in sentences if sentence.endswith(ends)] == []
