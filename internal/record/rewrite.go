package record

// Rewrite says that a list of rewrite rules begins.
type Rewrite struct {
	Where string `json:"where"` // "server", or the folder of the section they are in
	Input string `json:"input"` // the path or file they begin with
	Rules int    `json:"rules"` // how many there are
}

// Rule is one RewriteRule that was tried.
type Rule struct {
	Line
	Input      string      `json:"input"`                // what its pattern was matched against
	Matched    bool        `json:"matched"`              // the pattern matched
	Conditions []Condition `json:"conditions,omitempty"` // those that were asked
	Applied    bool        `json:"applied"`              // pattern and conditions hold
	Result     string      `json:"result,omitempty"`     // of an applied rule: what it has made; "" where it substitutes nothing
	Query      string      `json:"query,omitempty"`      // the query then
	Ends       string      `json:"ends,omitempty"`       // why no rule behind it was tried: "last", "end", "redirect", ...
	Skips      int         `json:"skips,omitempty"`      // rules behind it that are skipped (chain, S)
}

// Condition is one RewriteCond that was asked.
type Condition struct {
	Line
	Input string `json:"input"` // its first argument, expanded
	Holds bool   `json:"holds"`
}

// Rewritten says how a list of rewrite rules has ended.
type Rewritten struct {
	Where   string `json:"where"`
	Outcome string `json:"outcome"` // "unchanged", "rewritten", "answered"
	Result  string `json:"result"`
}

// Kind implements Event.
func (Rewrite) Kind() string { return "rewrite" }

// Kind implements Event.
func (Rule) Kind() string { return "rule" }

// Kind implements Event.
func (Rewritten) Kind() string { return "rewritten" }
