"""MicroPython's math, and what is missing there."""

from math import *  # noqa: F403
from math import factorial, sqrt

fsum = sum


def prod(iterable, start=1):
    for number in iterable:
        start *= number
    return start


def gcd(a, b):
    while b:
        a, b = b, a % b
    return abs(a)


def comb(n, k):
    return factorial(n) // (factorial(k) * factorial(n - k))


def isqrt(n):
    return int(sqrt(n))


def hypot(*sides):
    return sqrt(sum(side * side for side in sides))


def exp2(x):
    return 2.0**x
