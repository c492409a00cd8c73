package wsman

import (
	"reflect"
	"strings"
	"testing"
)

// plainAnswers are read in one pass; each is an answer as Windows gives it, or nearly one.
var plainAnswers = []string{
	`<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">` +
		`<s:Header/><s:Body><w:XmlFragment><LastBootUpTime><Datetime>2013-04-15T16:28:39.5Z</Datetime></LastBootUpTime></w:XmlFragment></s:Body></s:Envelope>`,
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b='1' c=\"x &amp; &lt;y&gt;\" >t&amp;t<d/>u</a>\n",
	`<p:i xmlns:p="urn:1" xmlns:x="urn:2"><p:v x:nil="true"></p:v><p:v xmlns:p="urn:3">Schüler</p:v><p:w/></p:i>`,
	`<a xmlns="urn:1"><b xmlns=""><c/></b><d/></a>`,
}

func TestPlainAnswersNeedNoSecondReader(t *testing.T) {
	t.Parallel()
	for _, document := range plainAnswers {
		if _, plain := readPlain([]byte(document)); !plain {
			t.Errorf("not read in one pass: %s", document)
		}
	}
}

// What is read in one pass is what encoding/xml reads.
func FuzzPlain(f *testing.F) {
	for _, document := range append(plainAnswers,
		`<a><![CDATA[<]]></a>`, `<a><!-- --></a>`, `<!DOCTYPE a><a/>`, `<a>&#65;</a>`, "<a>\r\n</a>", `<a></b>`, `<a/><b/>`, `<a>]]></a>`, `<a b=1/>`,
		`<a b="1"c="2"/>`, `<x:a/>`, `<xml:a/>`, `<a xmlns:xml="u" xml:b=""/>`, `<a xmlns:xmlns="u" xmlns:b="c"/>`, `<a:b:c/>`, `<:a/>`, `<a x="<"/>`, `<a / >`,
		"<a\n/>", "\ufeff<a/>", "<a>\uffff</a>", "<a>\x01</a>", `<a>&bogus;</a>`, `t<a/>`, strings.Repeat("<a>", 70), `<a x="]]>"/>`,
	) {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		got, plain := readPlain(document)
		if !plain {
			return
		}
		want, err := readAny(document)
		if err != nil {
			t.Fatalf("read in one pass, and encoding/xml says %v: %q", err, document)
		}
		if !same(got, want) {
			t.Fatalf("%q is read as %+v in one pass, else as %+v", document, got, want)
		}
	})
}

func same(x, y *Element) bool {
	if x.Name != y.Name || x.space != y.space || string(x.Text) != string(y.Text) || len(x.Children) != len(y.Children) ||
		len(x.attributes)+len(y.attributes) > 0 && !reflect.DeepEqual(x.attributes, y.attributes) {
		return false
	}
	for i := range x.Children {
		if !same(x.Children[i], y.Children[i]) {
			return false
		}
	}
	return true
}
