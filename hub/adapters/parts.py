"""What an adapter outside the tree may build on: kept stable, where the modules behind it may change.

WireSettings, read_wire    url, token, certificates and times of a system; misspelt ones are refused
FeedSettings               lets the system fetch instead of being sent; for an adapter that is ``Fed``
HttpSender                 what ``WireSettings.sender`` gives: bounded, no redirects, the port's errors
judged_receipt             what a recipient's own receipt means for a delivery
parse                      JSON from outside: bounded, no field twice, no text that XML could not carry
"""

from hub.adapters._feed import FeedSettings
from hub.adapters._http import Answer, HttpSender
from hub.adapters._json import parse
from hub.adapters._wire import WireSettings, judged_receipt, read_wire

__all__ = ["Answer", "FeedSettings", "HttpSender", "WireSettings", "judged_receipt", "parse", "read_wire"]
