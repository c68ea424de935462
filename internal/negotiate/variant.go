package negotiate

import "slices"

// Variant is one form of a document.
type Variant struct {
	Name        string // of its file, or its URL in a type map
	Type        string // in lower case; "": not known
	Encoding    string
	HasEncoding bool     // Encoding is set, perhaps to nothing
	Languages   []string // in lower case
	Charset     string
	Description string
	Bytes       int64  // its length; -1: not known
	Body        []byte // a body within the type map; nil: it is elsewhere
	Handled     bool   // a handler makes it: its length is not that of its file

	source, level float32 // what its own type says: qs and level

	// What the client thinks of it.
	mime, language, charset, encoding float32
	levelMatched                      float32
	stars                             int // of the best match of its type: 1 for */*, 2 for type/*, 3 for the type
	priority                          int // of its language in LanguagePriority; -1: none
	definite                          bool
}

// NewVariant returns a variant of which nothing is known.
func NewVariant() Variant { return Variant{Bytes: -1, priority: -1, definite: true} }

// SetType sets type, charset and quality by a content type. httpd: set_mime_fields.
func (v *Variant) SetType(text string) {
	r := ParseType(text)
	v.Type, v.source, v.level, v.Charset = r.Name, r.Quality, r.Level, r.Charset
}

// reset makes the client's view of the variant that of one which accepts everything.
func (v *Variant) reset() { v.mime, v.language, v.charset, v.encoding = 1, 1, 1, 1 }

// isHTML reports whether it is a page, perhaps with commands in it.
func (v *Variant) isHTML() bool {
	return v.Type == "text/html" || v.Type == includesType || v.Type == includesType3
}

// Sort puts variants into the order in which they are looked at: readdir's is left to chance.
func Sort(list []Variant) {
	slices.SortFunc(list, func(a, b Variant) int {
		switch {
		case a.source != b.source && a.source < b.source:
			return 1
		case a.source != b.source:
			return -1
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
}

// plain reports whether an encoding changes nothing. httpd: is_identity_encoding.
func plain(encoding string) bool {
	return encoding == "" || encoding == "7bit" || encoding == "8bit" || encoding == "binary"
}
