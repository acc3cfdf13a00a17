# What definitions may use beside jq's own words.

# A number from a number or a text; null from anything that is none ("NaN", "+Inf", "").
def number: (if type == "string" then (try tonumber catch null) else . end)
  | if type == "number" and (isnan or isinfinite | not) then . else null end;

# Epoch seconds to other forms of time.
def rfc3339: floor | todate;
def millis: . * 1000 | floor;
def micros: . * 1000000 | floor;
def nanos: (. * 1000 | floor | tostring) + "000000";

# The first of several that is neither null nor false nor an empty text.
def first_of(f): first(f | select(. != null and . != false and . != "")) // null;

# An object without what is null.
def present: with_entries(select(.value != null));

# The first line of a text, or null.
def first_line: if type == "string" then (split("\n")[0] // "") else null end;

# The last part of a path or an ARN: "projects/p/services/x" to "x".
def last_part: if type == "string" then (split("/") | last) else null end;

# {"key": "value"} from [{"name": "key", "value": "value"}], or with other names for the two.
def to_labels(k; v): [.[]? | {key: (k | tostring), value: (v | tostring)}] | from_entries;

# Elements of an XML answer by name.
def tags($name): .children[]? | select(.name == $name);
def tag($name): first(tags($name)) // null;
def tag_text($name): (tag($name) | .text?) // null;
