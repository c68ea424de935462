package diff

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// negotiateGroup is the generated group "negotiate": documents with variants, and clients that accept all kinds of things.
func negotiateGroup() (*group, error) {
	cases, err := parseCases(negotiateCases())
	return &group{name: "negotiate", conf: negotiateConf, files: negotiateFiles(), cases: cases, split: exprSplit}, err
}

const negotiateConf = `
TypesConfig ${dir}/own.types
LogFormat "%>s ~~ %{variant-list}n" chosen
CustomLog "${dir}/access.log" chosen
FileETag None
AddEncoding x-gzip .gz
AddEncoding br .br
AddLanguage en .en
AddLanguage de .de
AddLanguage fr .fr
AddLanguage en-US .us
AddLanguage en-GB .gb
AddLanguage zh-TW .tw
AddCharset utf-8 .utf8
AddCharset iso-8859-1 .latin1
AddCharset koi8-r .koi8-r
AddHandler type-map .var
AddType text/html;qs=0.5 .half
AddType text/html;level=3 .html3
SetEnvIf X-Prefer (.+) prefer-language=$1
SetEnvIf X-No-Gzip . no-gzip
SetEnvIf X-Only-Html . gzip-only-text/html=1
Alias "/none" "${dir}/htdocs/v"
Alias "/prefer" "${dir}/htdocs/v"
Alias "/fallback" "${dir}/htdocs/v"
Alias "/both" "${dir}/htdocs/v"
<Directory ${dir}/htdocs>
    Options MultiViews FollowSymLinks
    Require all granted
</Directory>
<Location /none>
    LanguagePriority fr de en
    ForceLanguagePriority None
</Location>
<Location /prefer>
    LanguagePriority de fr en
    ForceLanguagePriority Prefer
</Location>
<Location /fallback>
    LanguagePriority fr en
    ForceLanguagePriority Fallback
</Location>
<Location /both>
    LanguagePriority en-GB de
    LanguagePriority fr
    ForceLanguagePriority Prefer Fallback
</Location>
`

// negotiateFiles are the documents; each says which it is.
func negotiateFiles() map[string]string {
	files := map[string]string{
		"own.types": "text/html html htm\ntext/plain txt\nimage/png png\nimage/gif gif\nimage/jpeg jpg\napplication/pdf pdf\n",
		"htdocs/v/map.var": "URI: page.en.html\nContent-type: text/html\nContent-language: en\n\n" +
			"# a comment\nURI: page.de.html\nContent-type: text/html; qs=0.9\nContent-language: de, fr\n\n" +
			"URI: img.png\nContent-type: image/png; qs=0.3\n  ; charset=none\nDescription: A picture (of us)\nContent-length: 3\n",
		"htdocs/v/far.var": "URI: ../v/page.en.html\nContent-type: text/html\n\nURI: img.gif\nContent-type: image/gif;qs=0.1\n",
		"htdocs/v/body.var": "Content-type: text/html; charset=UTF-8\nContent-language: en\nBody:----en----\n<p>English</p>\n----en----\n\n" +
			"Content-type: text/html\nContent-language: de\nContent-encoding: x-none\nBody:--de--\n<p>Deutsch</p>\n--de-- rest\n\n",
		"htdocs/v/colon.var":   "URI page.en.html\n",
		"htdocs/v/empty.var":   "URI: \n\n",
		"htdocs/v/length.var":  "URI: a.txt\nContent-type: text/plain\n\nURI: b.txt\nContent-length: many\n\n",
		"htdocs/v/notag.var":   "URI: a.txt\nContent-type: text/plain\n\nBody:--x--\nnever ends\n",
		"htdocs/v/none.var":    "# nothing\n",
		"htdocs/v/also.var":    "URI: map.var\nContent-type: text/html\n\n",
		"htdocs/v/gone.var":    "URI: nowhere.html\nContent-type: text/html\n\n",
		"htdocs/v/folder.d/in": "in a folder",
	}
	for _, name := range strings.Fields(`page.en.html page.de.html page.fr.html.gz mix.txt mix.html mix.en.txt.gz mix.pdf
		chars.utf8.html chars.latin1.html chars.koi8-r.txt only.de.html enc.txt enc.txt.gz enc.txt.br img.png img.gif img.jpg
		reg.us.html reg.gb.html reg.tw.html qs.half qs.html3 qs.txt old.html.bak x.bak many.en.de.html many.fr.html single.html a.txt b.txt
		long.a.b.html long.a.html mv.en.html mv.var.bak`) {
		files["htdocs/v/"+name] = name + "\n" + strings.Repeat("-", len(name)%7)
	}
	return files
}

// negotiateCases are requests by chance, the same in every run, and some that are meant.
func negotiateCases() string {
	rnd := rand.New(rand.NewPCG(17, 4))
	one := func(list ...string) string { return list[rnd.IntN(len(list))] }
	folders := []string{"v", "v", "none", "prefer", "fallback", "both"}
	docs := strings.Fields("page page page.html mix mix chars only enc enc img reg qs old x many single single.html folder long long.a mv map map.var map.var far.var far body.var body nothing page.en")
	odd := strings.Fields("colon.var empty.var length.var notag.var none.var also.var also gone.var gone page/info map.var/info page/ single/ map.var?a=b page?a=b page?")
	elements := map[string][]string{
		"Accept":          {"text/html", "text/plain", "text/*", "*/*", "image/png", "image/*", "application/pdf", "text/html;level=3", "text/html;level=1", "x/y"},
		"Accept-Language": {"en", "de", "fr", "en-US", "en-GB", "de-AT", "zh", "*", "nl", "zh-TW-x"},
		"Accept-Charset":  {"utf-8", "iso-8859-1", "koi8-r", "*", "us-ascii"},
		"Accept-Encoding": {"gzip", "x-gzip", "br", "identity", "*", "deflate"},
	}
	names := []string{"Accept", "Accept-Language", "Accept-Charset", "Accept-Encoding"}
	var b strings.Builder
	request := func(path string) {
		method, version := one("GET", "GET", "GET", "GET", "HEAD", "POST"), ""
		if rnd.IntN(12) == 0 {
			version = " HTTP/1.0"
		}
		fmt.Fprintf(&b, "> %s /%s%s\n", method, path, version)
		if version != "" {
			b.WriteString("Connection: keep-alive\n")
		}
		for _, name := range names {
			if rnd.IntN(5) < 2 {
				continue
			}
			var list []string
			for range rnd.IntN(4) {
				list = append(list, one(elements[name]...)+one("", "", "", ";q=0.5", ";q=0", ";q=0.001", "; q=.8", ";q=0.3;x=y", ";q=1.0"))
			}
			fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(list, one(", ", ",", " , ")))
		}
		if rnd.IntN(4) == 0 {
			fmt.Fprintf(&b, "Negotiate: %s\n", one("trans", "vlist", "1.0", "*", "guess-small", "trans, 1.0", "nothing", "2.1", "trans,vlist"))
		}
		switch rnd.IntN(12) {
		case 0:
			fmt.Fprintf(&b, "X-Prefer: %s\n", one("de", "fr", "nl", "en"))
		case 1:
			b.WriteString("X-No-Gzip: 1\n")
		case 2:
			b.WriteString("X-Only-Html: 1\n")
		}
		if method == "POST" {
			b.WriteString("Content-Length: 0\n")
		}
	}
	for n := range 40 {
		fmt.Fprintf(&b, "= chance-%d\n", n)
		for range 10 {
			request(one(folders...) + "/" + one(docs...))
		}
	}
	for n, doc := range odd {
		fmt.Fprintf(&b, "= odd-%d\n", n)
		request("v/" + doc)
		fmt.Fprintf(&b, "> GET /v/%s\nAccept-Language: de\n", doc)
	}
	return b.String()
}
