"""Examples of answers: those of the example organisation's stack to the calls as the document prints them."""

from common.api.examples import recorded

answer = recorded(__package__)
