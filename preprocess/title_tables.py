"""The word tables of :mod:`preprocess.titles`: acronyms, abbreviations, misspellings, levels, numerals.

Keys are in lower case and without full stops. No expansion holds a key, so a cleaned title is clean.
"""

from __future__ import annotations

from collections.abc import Mapping


def word_set(words: str) -> frozenset[str]:
    """The words of a table that is written as one string."""
    return frozenset(words.split())


ACRONYMS: Mapping[str, str] = {
    # Health
    "rn": "Registered Nurse", "lvn": "Licensed Vocational Nurse", "lna": "Licensed Nursing Assistant",
    "stna": "State Tested Nursing Assistant", "np": "Nurse Practitioner", "fnp": "Family Nurse Practitioner",
    "crna": "Certified Registered Nurse Anesthetist", "cnm": "Certified Nurse Midwife",
    "emt": "Emergency Medical Technician", "hha": "Home Health Aide", "chha": "Certified Home Health Aide",
    "cma": "Certified Medical Assistant", "rma": "Registered Medical Assistant",
    "slp": "Speech-Language Pathologist", "slpa": "Speech-Language Pathology Assistant",
    "pta": "Physical Therapist Assistant", "dpt": "Physical Therapist",
    "cota": "Certified Occupational Therapy Assistant",
    "rrt": "Registered Respiratory Therapist", "mlt": "Medical Laboratory Technician",
    "cls": "Clinical Laboratory Scientist", "rdh": "Registered Dental Hygienist",
    "rda": "Registered Dental Assistant", "cda": "Certified Dental Assistant", "dds": "Dentist",
    "lmt": "Licensed Massage Therapist", "lmp": "Licensed Massage Practitioner",
    "lac": "Licensed Acupuncturist", "lcsw": "Licensed Clinical Social Worker",
    "lmsw": "Licensed Master Social Worker", "lmft": "Licensed Marriage and Family Therapist",
    "lmhc": "Licensed Mental Health Counselor", "mha": "Mental Health Assistant",
    "mht": "Mental Health Technician", "bcba": "Board Certified Behavior Analyst",
    "rbt": "Registered Behavior Technician", "dvm": "Veterinarian",
    "lvt": "Licensed Veterinary Technician", "rvt": "Registered Veterinary Technician",
    "chw": "Community Health Worker",
    "cst": "Certified Surgical Technologist", "bmet": "Biomedical Equipment Technician",
    "icu": "Intensive Care Unit", "nicu": "Neonatal Intensive Care Unit",
    "mri": "Magnetic Resonance Imaging",
    # Computing and engineering
    "it": "Information Technology", "qa": "Quality Assurance", "qc": "Quality Control",
    "swe": "Software Engineer", "sde": "Software Development Engineer", "sdet": "Software Test Engineer",
    "sre": "Site Reliability Engineer", "dba": "Database Administrator", "bi": "Business Intelligence",
    "ui": "User Interface", "ux": "User Experience", "ml": "Machine Learning",
    "ai": "Artificial Intelligence", "nlp": "Natural Language Processing", "db": "Database",
    "sw": "Software", "hw": "Hardware", "iam": "Identity and Access Management",
    "bsa": "Business Systems Analyst", "cnc": "Computer Numerically Controlled",
    "plc": "Programmable Logic Controller", "hvac": "Heating, Ventilation, and Air Conditioning",
    "ehs": "Environmental Health and Safety", "hse": "Health, Safety, and Environment",
    "gis": "Geographic Information Systems", "ee": "Electrical Engineer",
    # Business
    "hr": "Human Resources", "hris": "Human Resources Information Systems", "vp": "Vice President",
    "svp": "Senior Vice President", "evp": "Executive Vice President", "avp": "Assistant Vice President",
    "ceo": "Chief Executive Officer", "coo": "Chief Operating Officer", "cto": "Chief Technology Officer",
    "cio": "Chief Information Officer", "chro": "Chief Human Resources Officer",
    "csr": "Customer Service Representative", "ccr": "Customer Care Representative",
    "bdr": "Business Development Representative", "sdr": "Sales Development Representative",
    "bdm": "Business Development Manager", "cpa": "Certified Public Accountant",
    "cfp": "Certified Financial Planner", "fp&a": "Financial Planning and Analysis",
    "m&a": "Mergers and Acquisitions", "pr": "Public Relations", "seo": "Search Engine Optimization",
    "erp": "Enterprise Resource Planning", "scm": "Supply Chain Management",
    "mlo": "Mortgage Loan Originator",
    # Transport, trades, schools and services
    "cdl": "Commercial Truck Driver", "atc": "Air Traffic Controller", "dj": "Disc Jockey",
    "cwi": "Certified Welding Inspector", "esl": "English as a Second Language",
    "sped": "Special Education", "ece": "Early Childhood Education", "gsa": "Guest Services Agent",
    "gta": "Graduate Teaching Assistant", "tv": "Television",
}  # fmt: skip
"""Acronyms that are read one way in every title.

Each was tried on the label that O*NET 27.0 gives it ("Registered Nurse (RN)") in nine surroundings ("Senior
RN", "RN - Outpatient", ...). Those that found their occupation less often spelt out than as they stand are
not here: O*NET lists the acronym itself, and the long form looks like its neighbours (LPN 9 of 9 as it
stands and 3 spelt out; likewise CNA, GNA, APRN, ARNP, PCA, PCT, DSP, EVS, CFO, CISO, CMO, OTR, TSO, TSR,
AMT, PNP, TA, RA, LPC, MHW, SRO). R&D and CAD lost on ``eval/titles_lca_dev.csv``."""

_CARE = (
    "acute clinic clinical geriatric health hospital inpatient neuro ortho orthopedic outpatient pediatric"
)
_THERAPY = word_set(
    f"{_CARE} aide clinician home homecare neurological pelvic prn rehab rehabilitation "
    "school snf sports therapist therapy travel"
)
CONTEXTUAL: Mapping[str, tuple[str, frozenset[str]]] = {
    "pt": ("Physical Therapist", _THERAPY),
    "ot": ("Occupational Therapist", _THERAPY),
    "pa": ("Physician Assistant", word_set(f"{_CARE} c dermatology emergency medicine np surgical")),
    "rt": ("Respiratory Therapist", word_set("respiratory rrt icu inpatient")),
    "da": ("Dental Assistant", word_set("dental orthodontic")),
    "ma": ("Medical Assistant", word_set("certified clinic clinical medical pediatric dermatology")),
    "or": ("Operating Room", word_set("rn nurse scrub circulator circulating lpn cst")),
    "pm": ("Project Manager", word_set("agile construction it pmp project scrum software technical")),
    "ap": ("Accounts Payable", word_set("accounting accounts ar clerk invoice payable processor")),
    "ed": ("Education", word_set("adult career early higher phys physical special sp")),
    "ar": ("Accounts Receivable", word_set("accounting accounts ap billing clerk receivable")),
}  # fmt: skip
"""Acronyms with a second reading (part time, Massachusetts, the word "or"): expanded where one of these words
is in the title, too; ``ALONE`` also where they are the whole title."""
ALONE = frozenset(("pt", "ot", "pa"))

ABBREVIATIONS: Mapping[str, tuple[str, str]] = {
    "mgr": ("Manager", "Manager"), "mngr": ("Manager", "Manager"), "asst": ("Assistant", "Assistant"),
    "ass't": ("Assistant", "Assistant"), "assoc": ("Associate", "Associate"),
    "eng": ("Engineer", "Engineering"), "engr": ("Engineer", "Engineering"),
    "engg": ("Engineering", "Engineering"), "engrg": ("Engineering", "Engineering"),
    "dev": ("Developer", "Development"), "admin": ("Administrator", "Administrative"),
    "acct": ("Accountant", "Account"), "tech": ("Technician", "Technical"),
    "rep": ("Representative", "Representative"), "reps": ("Representatives", "Representatives"),
    "supv": ("Supervisor", "Supervisor"), "supvr": ("Supervisor", "Supervisor"),
    "coord": ("Coordinator", "Coordinator"), "spec": ("Specialist", "Specialist"),
    "dir": ("Director", "Director"), "prof": ("Professor", "Professor"),
    "mfg": ("Manufacturing", "Manufacturing"), "maint": ("Maintenance", "Maintenance"),
    "apps": ("Applications", "Applications"), "app": ("Application", "Application"),
    "sys": ("Systems", "Systems"), "prog": ("Programmer", "Programmer"), "ops": ("Operations", "Operations"),
    "mgmt": ("Management", "Management"), "mgt": ("Management", "Management"),
    "dept": ("Department", "Department"), "exec": ("Executive", "Executive"),
    "intl": ("International", "International"), "int'l": ("International", "International"),
    "info": ("Information", "Information"), "telecom": ("Telecommunications", "Telecommunications"),
    "lab": ("Laboratory", "Laboratory"), "univ": ("University", "University"),
    "mktg": ("Marketing", "Marketing"), "mkt": ("Marketing", "Market"), "svc": ("Service", "Service"),
    "svcs": ("Services", "Services"), "cnslt": ("Consultant", "Consultant"),
    "cslt": ("Consultant", "Consultant"), "rehab": ("Rehabilitation", "Rehabilitation"),
    "vet": ("Veterinarian", "Veterinary"), "sci": ("Science", "Science"),
    "postdoc": ("Postdoctoral Researcher", "Postdoctoral"), "quant": ("Quantitative Analyst", "Quantitative"),
    "corp": ("Corporate", "Corporate"), "mech": ("Mechanic", "Mechanical"),
    "elec": ("Electrical", "Electrical"), "edu": ("Education", "Education"),
    "rsrch": ("Research", "Research"), "clin": ("Clinical", "Clinical"), "cust": ("Customer", "Customer"),
    "govt": ("Government", "Government"), "proj": ("Project", "Project"), "pgm": ("Program", "Program"),
    "whse": ("Warehouse", "Warehouse"), "equip": ("Equipment", "Equipment"), "mtce": ("Maintenance",) * 2,
    "oper": ("Operator", "Operations"), "bldg": ("Building", "Building"), "elem": ("Elementary",) * 2,
    "sec'y": ("Secretary", "Secretary"), "secy": ("Secretary", "Secretary"), "atty": ("Attorney",) * 2,
}  # fmt: skip
"""Abbreviation: what it stands for at the end of a phrase ("Lab Tech"), and before a noun ("Tech Support").
The frequent ones of ``titles/dol_titles.csv.gz`` that are read one way; "Sr." and "Jr." are levels."""

MISSPELLINGS: Mapping[str, str] = {
    wrong: right
    for right, wrongs in {
        "Administrator": "adminstrator administator administartor adminsitrator aministrator adminitrator",
        "Analyst": "anaylst anlayst analsyt analayst anayst anlyst ananlyst analst analysst analyts analist",
        "Architect": "architech architecht archtect", "Assistant": "assitant assisant asistant assistan",
        "Associate": "assoicate assocaite assocate asssociate asociate", "Assurance": "asurance assurence",
        "Business": "buisness bussiness busines busienss", "Clinical": "clincal clincial clinicial",
        "Commercial": "commerical", "Computer": "comuputer comuter compter compuer",
        "Consultant": "consulant consulatant consutlant consutant cosultant conultant",
        "Coordinator": "coodinator cordinator coordinater", "Designer": "desinger desginer",
        "Developer": "devloper deveoper devleoper develoer dveloper develpoer",
        "Development": "developement develoment devlopment develpment", "Driver": "dirver drvier",
        "Engineer": "enginer enginner engineeer enigneer engneer engiener egineer engingeer enigineer "
        "engieer", "Environmental": "enviromental enviornmental", "Instructor": "instuctor instructer",
        "Laboratory": "labratory laboratary", "Machinist": "machinest",
        "Maintenance": "maintenence maintainance maintanence maintence", "Management": "managment mangement",
        "Manager": "mananger manger managr maneger", "Mechanic": "mechanc machanic",
        "Mechanical": "mechancial mechnical", "Nurse": "nusre nrse", "Operator": "operater opertor",
        "Physician": "physican physcian", "Principal": "prinicpal prinicipal",
        "Professor": "profesor professsor proffesor", "Program": "progam",
        "Programmer": "programer progammer prgrammer programmar progrmmer pragrammer prorammer programmmer",
        "Receptionist": "recepionist receptionst", "Representative": "representitive represenative",
        "Research": "reseach reserach reserch resarch reasearch rsearch resesarch",
        "Researcher": "reseracher reseacher", "Sales": "slaes", "Scientist": "scientst sceintist",
        "Secretary": "secratary secretery", "Senior": "senoir senor",
        "Software": "sofware sotware softare softwre softwar softawre",
        "Supervisor": "superviser supervisior",
        "Specialist": "specalist specialst specilaist specilist sepcialist speacialist",
        "Systems": "sytems sysytems sysems systmes", "Technical": "techincal techncial techinical techical",
        "Technician": "techician technican techinician", "Therapist": "theripist therapst",
        "Welder": "weldor",
    }.items()
    for wrong in wrongs.split()
}  # fmt: skip
"""Misspelling: the word. Most are one edit away from a word 20 times as frequent in
``titles/dol_titles.csv.gz`` and stand there eight times or more; the rest are of the trades it lacks."""

LEVELS: Mapping[str, str] = {
    "intern": "intern", "internship": "intern", "trainee": "entry", "apprentice": "entry",
    "junior": "junior", "jr": "junior", "associate": "associate", "intermediate": "mid", "senior": "senior",
    "sr": "senior", "snr": "senior", "staff": "staff", "lead": "lead", "principal": "principal",
    "distinguished": "principal", "chief": "chief",
}  # fmt: skip
"""Words of seniority and the level that each stands for; "entry level" and "mid-level" are two words."""

REMOVABLE = frozenset(("junior", "associate", "mid", "senior", "staff", "entry", "lead"))
"""Levels that may leave the text. By the coding guidelines of SOC 2018, who supervises for less than 80% of
the time is coded with those supervised: "Lead Welder" is a welder. "Team Lead" and its like stay, and so do a
principal, who may run a school, a chief, who may be an executive, and an intern, who may be a physician."""

NOT_A_LEVEL: Mapping[str, frozenset[str]] = {
    "senior": word_set(
        "living care center centers citizen citizens companion housing services service high adult adults "
        "community fitness home helper helpers caregiver resident residential wellness"
    ),
    "junior": word_set("high college varsity achievement rotc school league golf"),
    "lead": word_set(
        "abatement acid applier burner cargoman caster former gen generation handler hazard miner paint "
        "pourer refiner removal setter smelter sprinkler worker"
    ),
    "associate": word_set(
        "dean director professor prof vice provost principal chancellor judge justice general degree of in "
        "pastor and"
    ),
    "principal": word_set("of and"),
    "chief": word_set("of"),
}
"""Level: the words that, coming next, give it another sense ("Senior Living", "Lead Miner")."""

COUNTED = word_set("""
    act area category class cycle district division grade group icd k office part pgy phase pre region room
    stage step team title type unit web windows world year zone no
    """)
"""Words whose number is no grade of the job ("Phase 2", "PGY 4")."""

NUMERALS: Mapping[str, str] = {
    roman: str(value)
    for value, roman in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"), start=1)
} | {str(value): str(value) for value in range(1, 11)}

HEADS = word_set("""
    accountant administrator advisor agent aide analyst architect artist assistant associate attorney
    auditor buyer chemist clerk coach consultant controller coordinator counselor designer developer
    director driver editor electrician engineer estimator executive inspector instructor manager mechanic
    nurse officer operator planner producer programmer recruiter representative researcher scientist
    secretary specialist supervisor teacher technician technologist teller tester therapist trainer
    underwriter writer
    """)
"""Words that end a title: where a joined word is taken apart, and what seniority words stand before."""
FIRST_WORDS = word_set("""
    account business civil customer data database electrical front graphic hardware marketing mechanical
    medical network office product program project quality registered sales senior software system systems
    web
    """)
"""Words that a joined one is taken apart after, whatever its case ("SOFTWAREENGINEER")."""
