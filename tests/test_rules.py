"""How often a model follows the rules of its corpus."""

import string
from types import SimpleNamespace

from data import snail
from helpers import learn
from terrarium.rules import eval_prompts, examine, rule_accuracy
from terrarium.text import END
from train import Settings

HELLO = "you: my name is mia\npip: hello, mia. i will keep your name in my shell.\n"


def test_shares_are_taken_of_the_texts_to_which_a_rule_applies():
    prompts = ["you: hello\npip:", HELLO + "you: who am i?\npip:", HELLO + "you: who am i?\npip:"]
    texts = [
        prompt + reply
        for prompt, reply in zip(
            prompts,
            [
                " hi. i was chewing a leaf, but i have time.",
                " your name is mia.",
                " your name is tom.",
            ],
        )
    ]
    shares, asked = rule_accuracy(snail.check, prompts, texts)
    assert shares == {"character": 1, "grammar": 1, "topic": 1, "recall": 0.5, "all": 2 / 3}
    assert list(shares)[-1] == "all"
    assert (asked["recall"], asked["topic"]) == (2, 3)


class Letters:
    """A tokenizer of single characters."""

    end = None
    ids = frozenset(string.printable)

    def encode(self, text):
        return list(text)

    def decode(self, row):
        return "".join(row)


def is_short(text, prompt):
    return {"short": len(text) < 3}


PROMPTS = ["ab", "abcd", "abcdefgh"]
ASKS = dict(PROMPTS=["a"] * 5, eval_prompts=lambda: PROMPTS)


def test_a_model_is_asked_what_its_corpus_asks_or_continues_the_prompts():
    s = Settings(n_ctx=8, vocab_size=0)
    assert eval_prompts(SimpleNamespace(PROMPTS=["a"]), Letters(), s) == (["a"], 8, 0)
    judged, tokenizer = SimpleNamespace(PROMPTS=["a"] * 5, check=is_short), Letters()
    tokenizer.end = 0  # from which a text begins, without a prompt
    assert eval_prompts(judged, tokenizer, s) == ([""] * 200, 8, 0)


def test_a_text_begins_with_a_prompt_where_there_is_no_end_token_to_begin_with():
    judged = SimpleNamespace(PROMPTS=[*"abcde"], check=is_short)
    s = Settings(n_ctx=8, vocab_size=0)
    assert eval_prompts(judged, Letters(), s) == ([*"abcde"] * 40, 8, 0)


def test_prompts_are_read_in_the_characters_that_the_tokenizer_knows():
    asks = SimpleNamespace(PROMPTS=["“ä” ☃b"], eval_prompts=lambda: ["ö?"])
    s = Settings(n_ctx=8, vocab_size=0)
    assert eval_prompts(asks, Letters(), s)[0] == ["o?"]
    del asks.eval_prompts
    assert eval_prompts(asks, Letters(), s)[0] == ['"a" b']


def test_questions_that_leave_less_than_half_of_the_context_are_left_out_and_counted():
    asks, tokenizer = SimpleNamespace(**ASKS), Letters()
    for n_ctx, asked in (
        (16, PROMPTS),
        (15, PROMPTS[:2]),
        (8, PROMPTS[:2]),
        (7, PROMPTS[:1]),
        (2, []),
    ):
        s = Settings(n_ctx=n_ctx, vocab_size=0)
        assert eval_prompts(asks, tokenizer, s) == (asked, n_ctx, 3 - len(asked))
    tokenizer.end = 0  # which comes before the question
    assert eval_prompts(asks, tokenizer, Settings(n_ctx=8, vocab_size=0))[0] == PROMPTS[:1]


def test_a_letter_that_was_never_learned_is_left_out_of_a_question():
    s, tokenizer = Settings(n_ctx=16, vocab_size=0), learn("abcd", 0)
    asks = SimpleNamespace(PROMPTS=["a"], eval_prompts=lambda: ["ab", "axb"])
    assert eval_prompts(asks, tokenizer, s) == (["ab", "ab"], 16, 0)


def test_a_reply_has_64_tokens_or_as_many_as_the_longest_of_its_corpus_has_characters():
    s = Settings(n_ctx=256, vocab_size=768)
    asks = SimpleNamespace(PROMPTS=["a"], eval_prompts=lambda: ["ab"])
    assert eval_prompts(asks, Letters(), s) == (["ab"], 64, 0)
    asks.longest_reply = 100
    assert eval_prompts(asks, Letters(), s) == (["ab"], 100, 0)


def test_an_exam_judges_what_was_written_after_each_question():
    answers = dict(ab=END, abcd="xyz")
    exam = examine(
        SimpleNamespace(**ASKS, check=is_short),
        Letters(),
        Settings(n_ctx=8, vocab_size=0),
        lambda prompts, n_tokens: [prompt + answers[prompt] for prompt in prompts],
    )
    assert exam.texts == ["ab", "abcdxyz"] and (exam.n_prompts, exam.left_out) == (2, 1)
    assert exam.metrics == dict(rule_accuracy=dict(short=0.5, all=0.5))
    assert exam.asked == dict(short=2, all=2)


def test_without_a_question_that_fits_the_prompts_are_continued_and_nothing_is_judged():
    exam = examine(
        SimpleNamespace(**ASKS, check=is_short),
        Letters(),
        Settings(n_ctx=2, vocab_size=0),
        lambda prompts, n_tokens: [prompt + "!" for prompt in prompts],
    )
    assert exam.texts == ["a!"] * 5 and (exam.n_prompts, exam.left_out, exam.metrics) == (0, 3, {})
