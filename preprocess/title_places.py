"""Places that stand after a job title: states, large cities and countries."""

from __future__ import annotations

from preprocess.title_tables import word_set

STATES = word_set(
    """
    AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND
    OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR
    """
)
"""Codes of the U.S. Postal Service; read as a state after the name of a city."""

SAFE_STATES = word_set("AZ CA FL GA IA IL KS KY MN NC NH NJ NM NV NY OH SC TN TX UT VA VT WA WI WV WY")
"""Codes read as a state with no city before them; the rest are words or mean something (MD, PA, CT)."""

STATE_NAMES: tuple[str, ...] = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware",
    "Florida", "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky",
    "Louisiana", "Maine", "Maryland", "Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri",
    "Montana", "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico", "New York",
    "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island",
    "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington",
    "West Virginia", "Wisconsin", "Wyoming",
)  # fmt: skip

CITIES: tuple[str, ...] = (
    "New York City", "NYC", "Los Angeles", "Chicago", "Houston", "Phoenix", "Philadelphia", "San Antonio",
    "San Diego", "Dallas", "Austin", "Jacksonville", "Fort Worth", "San Jose", "Columbus", "Charlotte",
    "Indianapolis", "San Francisco", "Seattle", "Denver", "Oklahoma City", "Nashville", "El Paso",
    "Washington DC", "Washington D.C.", "Boston", "Las Vegas", "Portland", "Detroit", "Louisville", "Memphis",
    "Baltimore", "Milwaukee", "Albuquerque", "Tucson", "Fresno", "Sacramento", "Kansas City", "Mesa",
    "Atlanta", "Omaha", "Colorado Springs", "Raleigh", "Virginia Beach", "Long Beach", "Miami", "Oakland",
    "Minneapolis", "Tulsa", "Bakersfield", "Wichita", "Arlington", "Tampa", "New Orleans", "Honolulu",
    "Cleveland", "Orlando", "St. Louis", "Pittsburgh", "Cincinnati", "Salt Lake City", "Bay Area",
    "London", "Toronto", "Dublin", "Berlin", "Munich", "Paris", "Sydney", "Singapore", "Bangalore",
)  # fmt: skip
"""The 50 or so largest cities of the United States (Census Bureau, 2023) and a few abroad."""

COUNTRIES: tuple[str, ...] = ("USA", "U.S.", "US", "United States", "UK", "United Kingdom", "Canada")
