"""Short stories for a very small language model, made by the grammar in this file.

    from data import stories
    corpus = stories.load()          # .train and .validation: lists of Story, a str with .nats
    stories.check(corpus.train[0])   # {"spelling": True, "grammar": True, ...}

A story is a chain of choices: one of eight plots, one of sixteen openings, then one sentence
template after another, each with {slots} to fill. Every choice is made evenly, and a slot that
was filled once keeps its filling until the end. So we know the probability of every story, and
with it the entropy of the text: no model predicts these stories with fewer nats than they hold,
except by learning them by heart.

Contents: 1. words · 2. sentences that many plots share · 3. openings · 4. plots ·
5. writing a story · 6. reading a story back · 7. which rules a text keeps · 8. the corpus

Source: the templates and tables below, nothing else. Licence: MIT, like the rest of Terrarium.
"""

import math
import re
from collections import Counter
from functools import cache, lru_cache
from random import Random

from data import Corpus

CREDIT = "Terrarium, made by the grammar in data/stories.py"
LICENCE = "MIT"
PROMPTS = (
    "Once upon a time",
    "The boy was very",
    "She went to the",
    "The dog and the cat",
    "He was happy because",
)
RULES = ("spelling", "grammar", "quotes", "name", "pronoun", "object", "place", "feeling", "ending")


# ---------------------------------------------------------------------------------------------
# 1. Words: who there is, and what may fill a slot in any plot


def either(text):
    """The options in "a / b / c". Every option is as likely as the others."""
    return tuple(text.split(" / "))


NAMES = {
    "boy": either("Tom / Tim / Sam / Max / Ben / Leo / Jack / Dan / Finn / Nick / Bob / Joe"),
    "girl": either("Mia / Lily / Anna / Sue / Emma / Lucy / Amy / Zoe / Ella / Rose / Kate / Jane"),
    "dog": either("Rex / Bingo / Rover / Buddy / Patch / Bruno"),
    "cat": either("Mimi / Kitty / Luna / Lulu / Coco / Lola"),
}
FAMILY = either("Mum / Dad / Grandma / Grandpa")
FRIENDS = either("Sara / Nina / Peter / Oscar")
HELPERS = {
    "boy": FAMILY + FRIENDS,
    "girl": FAMILY + FRIENDS,
    "dog": NAMES["cat"],
    "cat": NAMES["dog"],
}
FEMALE = {*NAMES["girl"], *NAMES["cat"], "Mum", "Grandma", "Sara", "Nina"}
KIND = {name: kind for kind, names in NAMES.items() for name in names}  # "Tom" -> "boy"

# {he} follows the name of the hero, {helper_he} the name of the helper: (male, female).
PRONOUNS = {
    "he": ("he", "she"),
    "his": ("his", "her"),
    "him": ("him", "her"),
    "child": ("boy", "girl"),
    "helper_he": ("he", "she"),
    "helper_him": ("him", "her"),
}

ANYWHERE = {
    "trait": either("kind / brave / clever / funny / shy / gentle / curious / polite"),
    "hobby": either("sing / run / jump / swim / play"),
    "home": either("in a small house / in a big house / near the sea / on a farm"),
    "bond": either(
        "were best friends / lived in the same house / did everything together / "
        "played together every day"
    ),
    "reason": either(
        "the sun was out / it was a warm day / it was a lovely day / "
        "he had new shoes / he had slept well"
    ),
    "when": either("One day / One morning / One afternoon / On Sunday / On Monday / After lunch"),
    "early": either("after lunch / in the morning / before lunch / before dinner"),
    "weather": either("warm / lovely / good / nice"),
}
TOY_COLOURS = either("red / blue / green / yellow / pink / white")


# ---------------------------------------------------------------------------------------------
# 2. Sentences that many plots share: a slot is a tuple of templates, and one of them is used
#
#    {name} is the hero, {helper} who helps, {first} the helper when first met ("his mum");
#    {place} is where the hero goes, {thing} and its {colour} what it is about, {spot} where
#    that thing is; {trouble} and {glad} are feelings that fit. {He} asks for a capital letter.

TROUBLE = (
    "{He} was very {trouble}.",
    "{name} felt {trouble}.",
    "{name} was so {trouble} that {he} began to cry.",
    "It made {him} feel {trouble}.",
    "Poor {name} was {trouble}.",
    '"I am so {trouble}," said {name}.',
    "Now {he} was {trouble}.",
)
ARRIVAL = (
    "{First} heard {him} and came to the {place}.",
    "Just then, {first} came to the {place}.",
    "{First} ran to the {place} as fast as {helper_he} could.",
    "Soon {first} came to the {place} to look for {him}.",
    "Then {first} came to the {place} to help.",
    "{First} came to the {place} and saw {him}.",
    "{First} was near the {place} and wanted to help.",
)
THANKS = (
    '"Thank you, {helper}," said {name}.',
    '"You are the best, {helper}," said {name}.',
    '"I am lucky to have you, {helper}," said {name}.',
    '"You are so kind, {helper}," said {name}.',
    '"Thank you for your help," said {name} to {helper}.',
    '"I could not do it without you, {helper}," said {name}.',
    '"What a good idea, {helper}," said {name}.',
    '"Thank you so much!" said {name} to {helper}.',
)
GLAD = (  # where the hero has just spoken, so that {he} can only be the hero
    "{He} was so {glad}.",
    "Now {he} felt {glad}.",
    "{He} felt {glad} from head to toe.",
    "At last, {he} was {glad}.",
    "It made {him} feel very {glad}.",
    "Everyone could see that {he} was {glad}.",
)
HERO_GLAD = (  # where somebody else has
    "{name} was so {glad}.",
    "Now {name} felt {glad}.",
    "{name} smiled and felt {glad}.",
    "At last, {name} was {glad}.",
    "It made {name} feel very {glad}.",
    "Everyone could see that {name} was {glad}.",
)
ENDINGS = (
    "It was the best day ever.",
    "{name} never forgot that day.",
    "{name} and {helper} gave each other a big hug.",
    "That night, {name} slept very well.",
    "From that day on, {name} always helped others too.",
    "{name} and {helper} played until the sun went down.",
    "Then it was time for dinner, and they ate a lot.",
    "And that was the end of a very good day.",
    "That night, {name} told everyone about the {thing}.",
    "Ever since, {name} has loved the {place}.",
)


# ---------------------------------------------------------------------------------------------
# 3. Openings: the kind of hero, then the sentences that say who it is and where the hero goes

ONCE = (
    "Once upon a time there was a {trait} {child} named {name}.",
    "{when}, {he} went to the {place}.",
)
LOVED = ("{name} was a {child} who loved to {hobby}.", "{He} walked to the {place} {early}.")
LIVED = (
    "There was a {trait} {child} who lived {home}.",
    "{name} was {his} name.",
    "{when}, {he} came to the {place}.",
)
OPENINGS = (
    ("boy", *ONCE),
    ("girl", *ONCE),
    ("boy", *LOVED),
    ("girl", *LOVED),
    ("boy", *LIVED),
    ("girl", *LIVED),
    (
        "boy",
        "The boy was very {trait}.",
        "{His} name was {name}.",
        "{when}, {he} ran to the {place}.",
    ),
    (
        "boy",
        "The boy was very {trait}.",
        "Everyone called {him} {name}.",
        "{when}, {he} ran to the {place}.",
    ),
    (
        "girl",
        "She went to the {place} {early}.",
        "{His} name was {name}, and {he} was very {trait}.",
    ),
    (
        "girl",
        "She went to the {place} {early}.",
        "{He} was a {trait} {child}, and {his} name was {name}.",
    ),
    (
        "boy",
        "He was happy because {reason}.",
        "{His} name was {name}, and {he} was on {his} way to the {place}.",
    ),
    (
        "boy",
        "He was happy because {reason}.",
        "{He} was called {name}, and {he} was going to the {place}.",
    ),
    (
        "girl",
        "It was a {weather} day, and {name} was up early.",
        "The {trait} {child} went to the {place}.",
    ),
    (
        "girl",
        "It was a {weather} day, and {name} was up early.",
        "{He} put on {his} shoes and went to the {place}.",
    ),
    (
        "dog",
        "The dog and the cat {bond}.",
        "The dog was {name}, and the cat was {helper}.",
        "{when}, {name} set off to the {place}.",
    ),
    (
        "cat",
        "The dog and the cat {bond}.",
        "The cat was {name}, and the dog was {helper}.",
        "{when}, {name} set off to the {place}.",
    ),
)


# ---------------------------------------------------------------------------------------------
# 4. Plots: what may fill the slots (places, things, fitting feelings), then the paragraphs

PLOTS = {
    "lost": dict(
        place=either("park / garden / farm / playground / zoo"),
        thing=either("ball / doll / drum / book / boat / bear / car / train"),
        colour=TOY_COLOURS,
        spot=either(
            "under the bench / behind the gate / behind the wall / under the big tree / "
            "on the steps / next to the flowers"
        ),
        trouble=either("sad / worried / upset"),
        glad=either("happy / glad / pleased"),
        story=(
            (
                (
                    "{He} had a {colour} {thing} with {him}.",
                    "{He} took {his} {colour} {thing} along.",
                    "{He} had {his} best toy, a {colour} {thing}.",
                ),
                (
                    "{He} put it {spot} and went to play.",
                    "{He} left it {spot} and ran off to play.",
                    "To keep it safe, {he} put it {spot}.",
                ),
            ),
            (
                (
                    "Later, {he} could not find the {thing}.",
                    "After a while, {he} forgot where the {thing} was.",
                    "Then {he} wanted the {thing}, but {he} did not see it.",
                ),
                TROUBLE,
                ARRIVAL,
                (
                    '"Where did you put your {thing}?" asked {helper}.',
                    '"Let us look for the {thing} together," said {helper}.',
                    '"Do not worry, we will find your {thing}," said {helper}.',
                ),
            ),
            (
                (
                    "They looked {spot}, and there was the {colour} {thing}!",
                    "{name} and {helper} found the {colour} {thing} {spot}.",
                    "The {colour} {thing} was still {spot}!",
                ),
                THANKS,
                GLAD,
                ENDINGS,
            ),
        ),
    ),
    "stuck": dict(
        place=either("park / garden / playground / farm / market"),
        thing=either("kite / balloon / hat / scarf / flag / ball"),
        colour=TOY_COLOURS,
        spot=either(
            "in the tall tree / on the roof / on the high wall / on the lamp / on the fence"
        ),
        tool=either("ladder / chair / stick / box"),
        trouble=either("sad / cross / upset"),
        glad=either("happy / glad / pleased"),
        story=(
            (
                (
                    "{He} was playing with a {colour} {thing}.",
                    "{He} had a new {colour} {thing}.",
                    "{He} ran around with a {colour} {thing}.",
                ),
                (
                    "But the wind took it, and it got stuck {spot}.",
                    "Then the wind blew, and it landed {spot}.",
                    "It flew up and up, and then it was {spot}.",
                ),
            ),
            (
                (
                    "{He} jumped and jumped, but the {thing} was too high.",
                    "{name} could not reach the {thing} at all.",
                    "{He} was too small to get the {thing} back.",
                ),
                TROUBLE,
                ARRIVAL,
                (
                    '"I can get the {thing} down," said {helper}.',
                    '"Wait here, and I will get your {thing}," said {helper}.',
                    '"I know how to reach that {thing}," said {helper}.',
                ),
            ),
            (
                (
                    "{helper} used a {tool} to get the {colour} {thing} that was {spot}.",
                    "The {colour} {thing} was still {spot}, but {helper} got it with a {tool}.",
                    "With a {tool}, {helper} could reach the {colour} {thing} {spot}.",
                ),
                THANKS,
                GLAD,
                ENDINGS,
            ),
        ),
    ),
    "broken": dict(
        place=either("kitchen / bedroom / playroom / attic / hall"),
        thing=either("car / boat / train / doll / drum / kite"),
        colour=TOY_COLOURS,
        spot=either("on the shelf / on the table / by the window / in the big box / on the chair"),
        fix=either("glue / tape / string"),
        trouble=either("sad / sorry / upset"),
        glad=either("happy / glad / pleased"),
        story=(
            (
                (
                    "{He} wanted to play with {his} {colour} {thing}.",
                    "{His} {colour} {thing} was there.",
                    "There {he} found {his} {colour} {thing}.",
                ),
                (
                    "But {he} let it fall, and it broke in two.",
                    "It fell down with a bang and broke.",
                    "{He} ran with it, but it hit the wall and broke.",
                ),
            ),
            (
                TROUBLE,
                ARRIVAL,
                (
                    '"We can mend the {thing} with some {fix}," said {helper}.',
                    '"I have some {fix} for your {thing}," said {helper}.',
                    '"Give me the {thing} and some {fix}," said {helper}.',
                ),
            ),
            (
                (
                    "With the {fix}, the {colour} {thing} was as good as new.",
                    "They used the {fix}, and the {colour} {thing} was mended.",
                    "The {fix} made the {colour} {thing} look like new.",
                ),
                HERO_GLAD,
                (
                    "{He} put it {spot} to keep it safe.",
                    "{He} put it {spot} for the night.",
                    "Then {he} put it {spot} to dry.",
                ),
                (
                    "The next day, it was still {spot}.",
                    "When {he} came back, it was still {spot}.",
                    "It stayed {spot} until {he} came back to play.",
                ),
                ENDINGS,
            ),
        ),
    ),
    "sharing": dict(
        place=either("park / beach / garden / lake / hill"),
        thing=either("cake / pie / bun / apple / pear / banana / peach"),
        colour=either("big / fresh / lovely / nice"),
        spot=either("under the big tree / on the grass / in the sun / on the rug / on the bench"),
        trouble=either("sad / hungry / tired"),
        glad=either("happy / glad / pleased"),
        story=(
            (
                (
                    "{He} had a {colour} {thing} in a bag.",
                    "{He} took out a {colour} {thing}.",
                    "{He} could not wait to eat {his} {colour} {thing}.",
                ),
                (
                    "So {he} sat down {spot}.",
                    "{He} went to eat it {spot}.",
                    "It was nice to sit {spot}.",
                ),
            ),
            (
                (
                    "{First} came to the {place} and looked {trouble}.",
                    "{He} saw {first} at the {place}, and {helper_he} was {trouble}.",
                    "Then {first} came to the {place} and felt {trouble}.",
                ),
                (
                    '"I have nothing to eat," said {helper}.',
                    '"My food is at home," said {helper}.',
                    '"Oh, that {thing} looks so good," said {helper}.',
                ),
                (
                    "{name} did not want {helper} to be {trouble}.",
                    "{name} looked at the {thing} and had an idea.",
                    "{name} thought for a while and smiled.",
                ),
                (
                    '"You can have half of my {thing}," said {name}.',
                    '"Come and share my {thing} with me," said {name}.',
                    '"One {thing} is enough for two," said {name}.',
                ),
            ),
            (
                (
                    "{He} cut the {colour} {thing} in two.",
                    "{name} gave {helper} half of the {colour} {thing}.",
                    "They each got half of the {colour} {thing}.",
                ),
                (
                    "They sat {spot} and ate it all.",
                    "They ate it together {spot}.",
                    "They stayed {spot} until it was all gone.",
                ),
                HERO_GLAD,
                ENDINGS,
            ),
        ),
    ),
    "scared": dict(
        place=either("attic / cellar / barn / shed"),
        thing=either("mouse / frog / kitten / puppy / bird / rabbit"),
        colour=either("white / black / brown / grey"),
        spot=either(
            "behind the door / under the steps / in the corner / behind the boxes / under the table"
        ),
        noise=either("loud bang / strange sound / long squeak / big bump"),
        trouble=either("scared / afraid / frightened"),
        glad=either("brave / calm / happy"),
        story=(
            (
                (
                    "It was so dark that {he} saw very little.",
                    "It was too dark for {him} to see.",
                    "{He} could not see a thing in the dark.",
                ),
                (
                    "{He} heard a {noise} {spot}.",
                    "Then there was a {noise} {spot}.",
                    "Something made a {noise} {spot}.",
                ),
            ),
            (
                TROUBLE,
                ARRIVAL,
                (
                    '"I heard a {noise}," said {name}.',
                    '"What made that {noise}?" asked {name}.',
                    '"Did you hear the {noise}?" asked {name}.',
                ),
                (
                    '"Stay close to me, and we will look," said {helper}.',
                    '"It will be all right, I am here with you," said {helper}.',
                    '"Let us go and see what it is," said {helper}.',
                ),
            ),
            (
                (
                    "They looked {spot} and saw a {colour} {thing}.",
                    "{helper} looked {spot} and found a {colour} {thing}.",
                    "A {colour} {thing} was sitting {spot}.",
                ),
                (
                    "The {thing} just wanted to play.",
                    "The little {thing} wanted to say hello.",
                    '"It is only a {thing}," said {helper}.',
                ),
                HERO_GLAD,
                ENDINGS,
            ),
        ),
    ),
    "gift": dict(
        place=either("shop / market / fair / zoo"),
        thing=either("scarf / hat / cup / ring / bag / lamp / book / doll"),
        colour=TOY_COLOURS,
        spot=either(
            "under the bed / behind the door / in the cupboard / behind the chair / "
            "on the shelf / in the big box"
        ),
        trouble=either("sad / lonely / upset"),
        glad=either("happy / proud / pleased"),
        story=(
            (
                (
                    "It was the birthday of {first}.",
                    "{He} knew that {first} had a birthday.",
                    "{First} had a birthday that day.",
                ),
                (
                    "{name} found a {colour} {thing} for {helper_him}.",
                    "{name} got {helper_him} a {colour} {thing}.",
                    "{name} wanted to give {helper_him} a {colour} {thing}.",
                ),
                (
                    "At home, {he} hid it {spot}.",
                    "Back at home, {he} put it {spot}.",
                    "{He} took it home and hid it {spot}.",
                ),
            ),
            (
                (
                    "{helper} thought that nobody knew and felt {trouble}.",
                    "{helper} was {trouble} because nobody said a word.",
                    "Nobody said a word all day, so {helper} was {trouble}.",
                ),
                (
                    '"Go and look {spot}," said {name}.',
                    '"There is something {spot}," said {name}.',
                    '"Can you see what is {spot}?" asked {name}.',
                ),
                (
                    "{helper} went to look and found the {colour} {thing}.",
                    "{helper} looked, and there was the {colour} {thing}!",
                    "The {colour} {thing} was still {spot}, and {helper} found it.",
                ),
            ),
            (
                (
                    '"It is from the {place}, and it is for you," said {name}.',
                    '"I saw it at the {place} and thought of you," said {name}.',
                    '"I got it for you at the {place}," said {name}.',
                ),
                (
                    '"What a lovely {thing}!" said {helper}.',
                    '"I love my new {thing}," said {helper}.',
                    '"I always wanted a {thing} like this," said {helper}.',
                ),
                HERO_GLAD,
                ENDINGS,
            ),
        ),
    ),
    "rain": dict(
        place=either("beach / park / lake / hill / farm"),
        thing=either("coat / umbrella / blanket / hat / scarf"),
        colour=TOY_COLOURS,
        spot=either(
            "under the big tree / under the bridge / in the little hut / in the old tent / "
            "behind the wall"
        ),
        trouble=either("cold / sad / cross"),
        glad=either("warm / happy / glad"),
        story=(
            (
                (
                    "Soon there were dark clouds in the sky.",
                    "Then the sky went dark and grey.",
                    "All at once, the sun was gone.",
                ),
                (
                    "It began to rain, so {he} hid {spot}.",
                    "The rain came down, and {he} had to wait {spot}.",
                    "{He} got wet in the rain and ran to sit {spot}.",
                ),
            ),
            (
                TROUBLE,
                (
                    "{First} came to the {place} with a {colour} {thing}.",
                    "Then {first} ran to the {place} with a {colour} {thing}.",
                    "{First} brought a {colour} {thing} to the {place}.",
                ),
                (
                    '"This {thing} will help you, {name}," said {helper}.',
                    '"Here is my {thing} for you, {name}," said {helper}.',
                    '"Take this {thing}, {name}," said {helper}.',
                ),
            ),
            (
                (
                    "They sat {spot} and told stories.",
                    "They stayed {spot} and sang a song.",
                    "They waited {spot} and had a good time.",
                ),
                (
                    "Then the rain stopped, and the sun came out.",
                    "Soon the rain was over, and the sky was blue.",
                    "After the rain, they saw a rainbow.",
                ),
                THANKS,
                GLAD,
                ENDINGS,
            ),
        ),
    ),
    "jump": dict(
        place=either("park / field / farm / lake / beach"),
        thing=either("log / bench / stream / puddle / wall / fence"),
        colour=either("big / wide / muddy"),
        spot=either("in the mud / on the grass / in the sand / in the leaves"),
        trouble=either("sad / cross / upset"),
        glad=either("proud / strong / brave"),
        story=(
            (
                (
                    "{He} wanted to jump over a {colour} {thing}.",
                    "There {he} saw a {colour} {thing} to jump over.",
                    "{He} tried to jump over a {colour} {thing}.",
                ),
                (
                    "{He} ran and jumped, but {he} fell {spot}.",
                    "But each time, {he} landed {spot}.",
                    "But {he} was too slow and fell {spot}.",
                ),
            ),
            (
                TROUBLE,
                ARRIVAL,
                (
                    '"Run fast and jump high, {name}," said {helper}.',
                    '"Try again, {name}, you can do it," said {helper}.',
                    '"I will run with you, {name}," said {helper}.',
                ),
                (
                    "{name} ran as fast as {he} could.",
                    "{He} got up and ran to the {thing}.",
                    "So {name} tried one more time.",
                ),
            ),
            (
                (
                    "This time, {he} got over the {colour} {thing}!",
                    "{He} jumped over the {thing} and did not fall {spot}!",
                    "{He} flew over the {colour} {thing} like a bird!",
                ),
                THANKS,
                GLAD,
                ENDINGS,
            ),
        ),
    ),
}


# ---------------------------------------------------------------------------------------------
# 5. Writing a story: walk through the slots, pick, and add up what every pick tells (in nats)


class Story(str):
    """A story's text. `nats` is its exact information under the grammar, -log P(text)."""

    def __new__(cls, text, nats):
        story = super().__new__(cls, text)
        story.nats = nats
        return story

    def __getnewargs__(self):  # so that a Story survives pickling and copying
        return str(self), self.nats


def generate(seed):
    """The story of a seed: the same on every machine."""
    random, nats = Random(seed), 0.0

    def pick(options):
        nonlocal nats
        nats += math.log(len(options))
        # random() is the one method whose sequence Python promises never to change.
        return options[int(random.random() * len(options))]

    plot, opening = pick(tuple(PLOTS)), pick(OPENINGS)
    facts, text = {"plot": plot, "kind": opening[0]}, ""
    for space, slot in slots(plot, opening):
        sentence, facts = fill(pick(slot), facts, pick)
        text += space + sentence
    return Story(text, nats)


@cache
def slots(plot, opening):
    """Every slot of a story in order, as (the space or line break before it, its templates)."""
    first, *later = PLOTS[plot]["story"]
    paragraphs = [tuple((sentence,) for sentence in opening[1:]) + first, *later]
    spaced = [(" " if i else "\n", slot) for p in paragraphs for i, slot in enumerate(p)]
    return (("", spaced[0][1]), *spaced[1:])


@cache
def pieces(template):
    """Text and keys in turn: "{He} ran." -> ("", "He", " ran.")."""
    return tuple(re.split(r"\{(\w+)\}", template))


def fill(template, facts, pick):
    """A template as a sentence, and the facts, with those that it was the first to need."""
    parts = list(pieces(template))
    for i in range(1, len(parts), 2):
        facts = pick(draws(parts[i], facts))
        parts[i] = show(parts[i], facts)
    return "".join(parts), facts


@cache
def fact_of(key):
    """The fact that {key} shows: {Helper_he} and {first} tell of the helper, {He} of the hero."""
    key = key.lower()
    if key == "first" or key.startswith("helper"):
        return "helper"
    return "kind" if key in PRONOUNS else key


def draws(key, facts):
    """The facts that may hold once {key} is filled. A fact that is known stays what it is."""
    fact = fact_of(key)
    if fact in facts:
        return (facts,)
    return [{**facts, fact: value} for value in options(fact, facts)]


def options(fact, facts):
    """All values that a fact may have in this plot, for this kind of hero."""
    if fact in ("name", "helper"):
        return {"name": NAMES, "helper": HELPERS}[fact][facts["kind"]]
    return PLOTS[facts["plot"]].get(fact) or ANYWHERE[fact]


def show(key, facts):
    """The word for {key}. A key with a capital asks for a word with a capital."""
    low = key.lower()
    if low in PRONOUNS:
        word = PRONOUNS[low][is_female(facts, low)]
    elif low == "first":
        word = first_mention(facts["helper"], PRONOUNS["his"][is_female(facts, "his")])
    else:
        word = facts[low]
    return word[0].upper() + word[1:] if key != low else word


def is_female(facts, pronoun):
    """Whether the one that a pronoun stands for, hero or helper, is a she."""
    if pronoun.startswith("helper"):
        return facts["helper"] in FEMALE
    return facts["kind"] in ("girl", "cat")


def first_mention(helper, his):
    """How a story brings its helper in: "his mum", "his friend Sara", or plain "Mimi"."""
    if helper in FAMILY:
        return f"{his} {helper.lower()}"
    return f"{his} friend {helper}" if helper in FRIENDS else helper


# ---------------------------------------------------------------------------------------------
# 6. Reading a story back: the same walk, but along a text


def nats(text):
    """-log P(text) under the grammar; infinite for a text that the grammar cannot make."""
    ways = derivations(text)
    return -math.log(math.fsum(math.exp(-way) for way in ways)) if ways else math.inf


def derivations(text):
    """The nats of each way to make this text: one way for a story, none for anything else."""
    start = math.log(len(PLOTS)) + math.log(len(OPENINGS))
    return [
        way
        for plot in PLOTS
        for opening in OPENINGS
        for way in walk(slots(plot, opening), text, {"plot": plot, "kind": opening[0]}, start)
    ]


def walk(slots_left, text, facts, nats_so_far):
    """Yield the nats of every way in which the slots that are left make exactly this text."""
    if not slots_left:
        if not text:
            yield nats_so_far
        return
    (space, slot), *rest = slots_left
    for template in slot:
        known_nats = nats_so_far + math.log(len(slot))
        parts = (space + pieces(template)[0], *pieces(template)[1:])
        for left, known, total in readings(parts, text, facts, known_nats):
            yield from walk(rest, left, known, total)


def readings(parts, text, facts, nats_so_far):
    """Every way in which a template begins the text: (the text left, the facts, the nats)."""
    literal, *keyed = parts
    if not text.startswith(literal):
        return
    text = text[len(literal) :]
    if not keyed:
        yield text, facts, nats_so_far
        return
    choices = draws(keyed[0], facts)
    for known in choices:
        word = show(keyed[0], known)
        if text.startswith(word):
            yield from readings(
                keyed[1:], text[len(word) :], known, nats_so_far + math.log(len(choices))
            )


# ---------------------------------------------------------------------------------------------
# 7. Which rules a text keeps. A model that is still learning breaks some and keeps others, so
#    here every sentence is read alone, with any filling, and then the fillings are compared.


def check(text, prompt=""):
    """Which of the RULES a story keeps, a prompt and what follows: {rule: bool}, for any text.

    spelling  every word and mark is one that stories use
    grammar   every sentence is a sentence of the grammar, in an order that some plot has
    quotes    they open and close within a paragraph, around speech, and none is missing
    name      hero and helper keep their names, and nobody else is named
    pronoun   he, she, boy, girl and the like agree with the name they stand for
    object    the thing, its colour and what it is mended with stay what they were
    place     the place and the spot where the thing was put stay what they were
    feeling   every feeling fits what just happened in this plot
    ending    the last sentence is an ending, and it is whole

    A text that gives no chance to keep a rule (it names nobody, say) does not keep it.
    """
    text = prompt + text
    sentences = split_sentences(text)
    matches = [match(sentence) for _, sentence in sentences]
    facts = facts_of_story(matches)
    return {
        "spelling": keeps_spelling(text),
        "grammar": keeps_grammar(sentences, matches),
        "quotes": keeps_quotes(text, sentences, matches),
        "name": keeps_name(text, facts),
        "pronoun": keeps_pronoun(matches, facts),
        "object": keeps_object(facts),
        "place": keeps_place(facts),
        "feeling": keeps_feeling(facts),
        "ending": bool(matches) and matches[-1][0] in ENDINGS,
    }


def split_sentences(text):
    """The sentences of a text, each with the space or line break before it."""
    end = r'(?:(?<=[.!?])|(?<=[.!?]"))'
    parts = re.split(end + r'([ \n])(?="?[A-Z])', text) if text else []
    return list(zip(["", *parts[1::2]], parts[0::2]))


@cache
def templates():
    """{template: the plots that use it}, openings included."""
    plots_of = {sentence: set(PLOTS) for opening in OPENINGS for sentence in opening[1:]}
    for plot in PLOTS:
        for _, slot in slots(plot, OPENINGS[0]):
            for template in slot:
                plots_of.setdefault(template, set()).add(plot)
    return plots_of


@cache
def fillings(key):
    """Every word that {key} may show in any story: a feeling here is any feeling there is."""
    low = key.lower()
    tables = [ANYWHERE, *PLOTS.values()]
    if low in ("name", "helper"):
        words = [*KIND, *FAMILY, *FRIENDS]
    elif low == "first":
        words = [first_mention(who, his) for who in fillings("name") for his in PRONOUNS["his"]]
    elif low in ("trouble", "glad"):
        words = [word for plot in PLOTS.values() for word in plot["trouble"] + plot["glad"]]
    else:
        words = PRONOUNS.get(low) or [word for table in tables for word in table.get(low, ())]
    return sorted({word[0].upper() + word[1:] if key != low else word for word in words})


@cache
def patterns():
    """{template: a regular expression with a group for each key}; a quote may be missing."""

    def group(i, part):
        return f"({'|'.join(fillings(part))})" if i % 2 else re.escape(part).replace('"', '"?')

    return {
        template: re.compile("".join(group(i, p) for i, p in enumerate(pieces(template))))
        for template in templates()
    }


@lru_cache(maxsize=20_000)
def match(sentence):
    """(the template of a sentence, its (key, word) pairs), or (None, ()) if there is none."""
    for template, pattern in patterns().items():
        if found := pattern.fullmatch(sentence):
            pairs = zip(pieces(template)[1::2], found.groups())
            return template, tuple(fact for key, word in pairs for fact in read(key, word))
    return None, ()


def read(key, word):
    """The facts in one filled slot, in small letters: "His mum" tells the helper and {his}."""
    low = key.lower()
    if low == "first":
        *whose, who = word.split()
        return [("helper", who[0].upper() + who[1:]), *(("his", his.lower()) for his in whose[:1])]
    return [(low, word[0].lower() + word[1:] if key != low else word)]


def facts_of_story(matches):
    """{key: every word it was filled with}, and under "plot" the plot most sentences tell."""
    facts = {}
    for _, pairs in matches:
        for key, word in pairs:
            facts.setdefault(key, []).append(word)
    votes = Counter(
        next(iter(plots))
        for template, _ in matches
        if len(plots := templates().get(template, ())) == 1
    )
    return {**facts, "plot": most_common(votes)}


def most_common(words):
    """The word that occurs most often, None if there are no words."""
    return max(Counter(words).items(), key=lambda item: item[1], default=(None, 0))[0]


def agree(words, allowed):
    """There is a word, it is one of those allowed, and all the others are the same."""
    return len(set(words)) == 1 and words[0] in allowed


def keeps_spelling(text):
    tokens = re.findall(r"\w+|[^\w\s]", text)
    return any(map(str.isalpha, tokens)) and lexicon().issuperset(tokens)


@cache
def lexicon():
    """Every word and mark that stories use, with the capitals that they use."""
    parts = [(i, part) for template in templates() for i, part in enumerate(pieces(template))]
    texts = [text for i, part in parts for text in (fillings(part) if i % 2 else [part])]
    return frozenset(re.findall(r"\w+|[^\w\s]", " ".join(texts)))


def keeps_grammar(sentences, matches):
    steps = [(space, template) for (space, _), (template, _) in zip(sentences, matches)]
    return any(follows(steps, slots(plot, opening)) for plot in PLOTS for opening in OPENINGS)


def follows(steps, story):
    """Whether every step has the right space and takes a template of its slot."""
    return len(steps) == len(story) and all(
        space == gap and template in slot for (space, template), (gap, slot) in zip(steps, story)
    )


def keeps_quotes(text, sentences, matches):
    whole = re.compile(r'[^"]*("[A-Z][^"]*[,.!?]"[^"]*)*')
    missing = any(
        template and template.count('"') != sentence.count('"')
        for (_, sentence), (template, _) in zip(sentences, matches)
    )
    return '"' in text and not missing and all(map(whole.fullmatch, text.split("\n")))


def keeps_name(text, facts):
    heroes, helpers = facts.get("name", []), facts.get("helper", [])
    named = set(re.findall(r"\w+", text)) & set(fillings("name"))
    return (
        len(heroes) > 1
        and agree(heroes, KIND)
        and agree(helpers, HELPERS[KIND[heroes[0]]])
        and named <= {heroes[0], helpers[0]}
    )


def keeps_pronoun(matches, facts):
    hero, helper = most_common(facts.get("name", [])), most_common(facts.get("helper", []))
    kinds = [
        {opening[0] for opening in OPENINGS if template in opening} for template, _ in matches
    ]  # "The boy was very kind." can only be about a boy
    right = [
        word == PRONOUNS[key][(helper if key.startswith("helper") else hero) in FEMALE]
        for key in PRONOUNS
        for word in facts.get(key, ())
    ]
    return bool(right) and all(right) and all(KIND.get(hero) in k for k in kinds if k)


def keeps_object(facts):
    plot = PLOTS.get(facts["plot"], {})
    others = [key for key in ("colour", "tool", "fix", "noise") if key in facts]
    return len(facts.get("thing", ())) > 1 and all(
        agree(facts[key], plot.get(key, ())) for key in ["thing", *others]
    )


def keeps_place(facts):
    plot, spots = PLOTS.get(facts["plot"], {}), facts.get("spot", ())
    return (
        len(facts.get("place", ())) > 1
        and agree(facts["place"], plot.get("place", ()))
        and (not spots or agree(spots, plot.get("spot", ())))
    )


def keeps_feeling(facts):
    plot, events = PLOTS.get(facts["plot"], {}), [e for e in ("trouble", "glad") if e in facts]
    return bool(events) and all(
        word in plot.get(event, ()) for event in events for word in facts[event]
    )


# ---------------------------------------------------------------------------------------------
# 8. The corpus


def load(n_train=18_000, n_validation=500):
    """A Corpus of two lists of stories without a text in common, about 9 MB to train."""
    train = [generate(seed) for seed in range(n_train)]
    validation, seen, seed = [], set(train), n_train
    while len(validation) < n_validation:
        story, seed = generate(seed), seed + 1
        if story not in seen:
            validation.append(story)
    return Corpus(train, validation, has_documents=True)
