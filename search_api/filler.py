"""The words and phrases that fill a sentence without saying anything, by what is wrong with them.

Written by hand and read off the development half of ``fixtures/fluff.csv``; never off the half that judges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

FILLER: Mapping[str, str] = {
    "praise": """
        hard-working; hardworking; hard working; hard worker; reliable; dependable; trustworthy;
        dedicated; passionate; passion; enthusiastic; motivated; highly motivated; self-motivated;
        self-starter; driven; results-driven; result-oriented; results-oriented; goal-oriented;
        detail-oriented; detail oriented; attention to detail; organised individual; organized individual;
        team player; team member; team spirit; people person; go-getter; can-do; quick learner; fast
        learner; quickly learn; quickly learned; eager to learn; willing to learn; dynamic; proactive;
        energetic; creative thinker; critical thinker; problem solver; problem-solving; multitasker;
        multi-tasker; multitask; multi-task; flexible; adaptable; versatile; friendly; positive attitude;
        can-do attitude; work ethic; strong work; professional; professionalism; seasoned; experienced;
        expert; exceptional; excellent; outstanding; great; strong; proven; proven track record; track
        record; extensive experience; vast experience; well-rounded; highly; skilled; talented;
        compassionate; caring; interpersonal; interpersonal skills; communication skills; people skills;
        leadership skills; organisational skills; organizational skills; analytical skills; analytical
        abilities; soft skills; think outside the box; outside the box; extra mile; above and beyond; 100
        percent; 110 percent; 110%; give my best; do my best; strive; strived; excellence; thrive;
        thrives; under pressure; independently; works well; work well; good at; great at; committed;
        commitment; success; successful; successfully; effective; effectively; efficient; efficiently;
        high quality; high-quality; top quality; best; making a difference; make a difference; love;
        enjoy; believe; always; never complain
        """,
    "weak": """
        responsible for; responsibilities included; responsibility for; duties included; tasked with; in
        charge of various; helped with; helped out; helped; helping; assisted; assisted with; assisting;
        assist; supported; supporting; supported the team; contributed; contributed to; contributing;
        participated; participated in; participating; involved in; was involved; involvement; worked on;
        worked with; worked closely; work closely; work with; took part; took on; played a role; key role;
        played a key role; integral part; part of a team; part of the team; member of a team;
        collaborated; liaised; interacted; interfaced; dealt with; exposure to; familiar with;
        familiarity; knowledge of; understanding of; gained experience; gained valuable; gained;
        experience with; experience in; able to; ability to; provided; provide; providing; ensured;
        ensure; ensuring; handled; facilitated; utilised; utilized; leveraged; leverage; leveraging;
        delivered value; provided input; attended
        """,
    "vague": """
        various; several; many; many different; different; numerous; multiple; diverse; variety; a variety
        of; range; wide range; wide variety; all kinds; all kinds of; all sorts; a number of; number of; a
        lot; lots; wherever; whatever; whenever; anything; everything; things; something; stuff; etc;
        tasks; duties; other duties; as assigned; as needed; as required; when needed; where needed;
        needs; needed; activities; day-to-day; day to day; daily activities; daily tasks; daily duties;
        general; basic; areas; all areas; aspects; all aspects; matters; issues; topics; projects;
        different projects; important; interesting; useful; valuable; significant; key; critical; complex;
        challenging; new things; skills; experience; expertise; competencies; abilities; people; others;
        individual; individuals; work; worked; job; role; internship experience; at all times; all levels;
        technologies; latest technologies; systems; applications; solutions; needs of; teams; environment
        """,
    "stock": """
        fast-paced; fast paced; fast-paced environment; dynamic environment; deadline-driven; synergy;
        synergies; synergistic; stakeholder; stakeholders; value; added value; value-added; add value;
        deliver value; best practice; best practices; best-in-class; world-class; cutting-edge; cutting
        edge; state-of-the-art; innovative; innovation; innovations; strategic; strategic initiatives;
        strategy; strategies; initiatives; initiative; goals; objectives; organisational goals;
        organizational goals; business goals; business needs; continuous improvement; process improvement;
        improvements; customer satisfaction; customer service; great service; excellent service; excellent
        care; customer-centric; client-focused; cross-functional; across the business; across the
        organisation; across the organization; the business; holistic; robust; scalable solutions;
        end-to-end; empower; empowered; transform; transformation; transformational; optimise; optimize;
        streamline; impactful; impact; mission; vision; core values; growth; growth mindset;
        game-changing; thought leader; thought leadership; moving forward; hit the ground running; wear
        many hats; think big; big picture
        """,
}
"""Kind of filler to its words and phrases, ``;`` between; matched without regard to case."""

REASONS: Mapping[str, str] = {
    "praise": "praise nobody can check",
    "weak": "says that you were there, not what you did",
    "vague": "vague",
    "stock": "stock phrase",
}

STOCK_SENTENCES = (
    "A motivated professional with excellent skills.",
    "I am a team player with a strong work ethic.",
    "Responsible for various tasks and duties.",
    "Helped the team with whatever was needed.",
    "Worked on different projects in a fast-paced environment.",
    "Passionate about delivering results and adding value.",
    "Proven ability to work under pressure and meet deadlines.",
    "Strong communication and interpersonal skills.",
    "Always willing to learn and go above and beyond.",
    "Supported the business in achieving its goals.",
    "I gained a lot of experience and learned many things.",
    "Participated in meetings and contributed to discussions.",
    "Provided great service and made everyone happy.",
    "A positive person who gets along with everybody.",
    "Did my job well and was appreciated by all.",
    "Committed to quality and continuous improvement.",
)
"""What sentences that say nothing sound like; one near to them is probably another."""

OUTCOMES = """
    cut raise reduce increase grow grew save halve double triple win won lead led build built launch deliver
    improve lower close rebuild rebuilt design train found wrote write written make made move replace fix
    repair restore rewrite rewrote rewire install open start stop end introduce create invent develop
    organise organize plan map draw drew paint sew sewed weld cook bake teach taught coach mentor
    precept heal treat nurse diagnose prevent catch caught notice discover find trace prove publish patent
    present sell sold negotiate recover earn pass certify audit reconcile correct detect
    migrate automate deploy ship test tune load model parse mask measure record count sort clean clear
    hire promote recruit bring brought cancel shorten speed finish complete
    translate interpret edit photograph film plant harvest breed butcher fillet dress
    """
"""Verbs of doing and changing; compared by stem, so that only irregular forms stand beside their verb."""


def _pattern(phrases: list[str]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    either = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)


_KIND_OF: Mapping[str, str] = {
    " ".join(phrase.split()): kind for kind, text in FILLER.items() for phrase in text.split(";")
}
_FILLER = _pattern(list(_KIND_OF))


def filler_in(text: str) -> Iterator[tuple[str, str]]:
    """The filler of a sentence in order, the longest phrase at each place: (kind, words as written)."""
    for match in _FILLER.finditer(text):
        yield _KIND_OF[" ".join(match[0].lower().split())], match[0]
