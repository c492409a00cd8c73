package wql

import (
	"fmt"
	"math/big"
	"strings"
)

// parser reads WQL: SELECT list|* FROM class [WHERE condition].
type parser struct {
	tokens []token
	depth  int
}

type token struct {
	kind tokenKind
	text string // of a string without quotes and escapes
}

type tokenKind int

const (
	wordToken tokenKind = iota
	numberToken
	stringToken
	symbolToken
	endToken
)

const (
	maxQuery = 64 << 10 // characters
	maxDepth = 100      // of parentheses and NOT
)

// Parse reads a query.
func Parse(text string) (*Query, error) {
	if len(text) > maxQuery {
		return nil, fmt.Errorf("a query of %d characters", len(text))
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	q := All("")
	if !p.word("SELECT") {
		return nil, p.unexpected()
	}
	if !p.symbol("*") {
		for more := true; more; more = p.symbol(",") {
			name, err := p.name()
			if err != nil {
				return nil, err
			}
			q.Properties = append(q.Properties, name)
		}
	}
	if !p.word("FROM") {
		return nil, p.unexpected()
	}
	if q.Class, err = p.name(); err != nil {
		return nil, err
	}
	if p.word("WHERE") {
		if q.where, err = p.alternatives(); err != nil {
			return nil, err
		}
	}
	if p.peek().kind != endToken {
		return nil, p.unexpected()
	}
	return q, nil
}

func (p *parser) peek() token { return p.tokens[0] }

// next never goes beyond the end token.
func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != endToken {
		p.tokens = p.tokens[1:]
	}
	return t
}

// word takes a keyword, in any case.
func (p *parser) word(keyword string) bool {
	if t := p.peek(); t.kind == wordToken && strings.EqualFold(t.text, keyword) {
		p.next()
		return true
	}
	return false
}

func (p *parser) symbol(text string) bool {
	if p.peek() == (token{symbolToken, text}) {
		p.next()
		return true
	}
	return false
}

func (p *parser) name() (string, error) {
	if p.peek().kind != wordToken {
		return "", p.unexpected()
	}
	return p.next().text, nil
}

func (p *parser) unexpected() error {
	if p.peek().kind == endToken {
		return fmt.Errorf("the query ends too soon")
	}
	return fmt.Errorf("unexpected %q in the query", p.peek().text)
}

func (p *parser) alternatives() (expression, error) {
	left, err := p.conjunction()
	for err == nil && p.word("OR") {
		var right expression
		right, err = p.conjunction()
		left = anyOf{left, right}
	}
	return left, err
}

func (p *parser) conjunction() (expression, error) {
	left, err := p.term()
	for err == nil && p.word("AND") {
		var right expression
		right, err = p.term()
		left = allOf{left, right}
	}
	return left, err
}

func (p *parser) term() (expression, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("the query is nested too deeply")
	}
	defer func() { p.depth-- }()
	switch {
	case p.word("NOT"):
		inner, err := p.term()
		return not{inner}, err
	case p.symbol("("):
		inner, err := p.alternatives()
		if err == nil && !p.symbol(")") {
			err = p.unexpected()
		}
		return inner, err
	}
	return p.comparison()
}

func (p *parser) comparison() (expression, error) {
	property, err := p.name()
	if err != nil {
		return nil, err
	}
	if p.word("IS") {
		negated := p.word("NOT")
		if !p.word("NULL") {
			return nil, p.unexpected()
		}
		return unless(negated, isNull{property}), nil
	}
	operator := p.peek()
	switch operator.text {
	case "!=":
		operator.text = "<>"
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return nil, p.unexpected()
	}
	if p.next().kind != symbolToken {
		return nil, fmt.Errorf("unexpected string %q in the query", operator.text)
	}
	if p.word("NULL") && (operator.text == "=" || operator.text == "<>") {
		return unless(operator.text == "<>", isNull{property}), nil
	}
	literal, err := p.literal()
	return comparison{property, operator.text, literal}, err
}

func unless(negated bool, e expression) expression {
	if negated {
		return not{e}
	}
	return e
}

func (p *parser) literal() (any, error) {
	switch t := p.peek(); t.kind {
	case stringToken:
		return p.next().text, nil
	case numberToken:
		if number, ok := new(big.Rat).SetString(t.text); ok && decimal.MatchString(t.text) {
			p.next()
			return number, nil
		}
	case wordToken:
		if p.word("TRUE") {
			return true, nil
		}
		if p.word("FALSE") {
			return false, nil
		}
	case symbolToken, endToken:
	}
	return nil, p.unexpected()
}

// scan takes a query apart; the last token is an end token.
func scan(text string) ([]token, error) {
	var tokens []token
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		var t token
		length := 1
		switch c := rest[0]; {
		case c == '\'' || c == '"':
			var err error
			if t, length, err = scanString(rest); err != nil {
				return nil, err
			}
		case letter(c):
			length = run(rest, func(c byte) bool { return letter(c) || digit(c) })
			t = token{wordToken, rest[:length]}
		case digit(c) || (c == '-' || c == '+') && len(rest) > 1 && digit(rest[1]):
			length = 1 + run(rest[1:], func(c byte) bool { return digit(c) || c == '.' })
			t = token{numberToken, rest[:length]}
		case strings.IndexByte("<>!", c) >= 0 && len(rest) > 1 && (rest[1] == '=' || rest[:2] == "<>"):
			length = 2
			t = token{symbolToken, rest[:2]}
		case strings.IndexByte("*,()=<>", c) >= 0:
			t = token{symbolToken, rest[:1]}
		default:
			return nil, fmt.Errorf("unexpected %q in the query", []rune(rest)[0])
		}
		tokens = append(tokens, t)
		rest = rest[length:]
	}
	return append(tokens, token{kind: endToken}), nil
}

// scanString reads a quoted string; a backslash makes the next character
// ordinary.
func scanString(rest string) (token, int, error) {
	var value strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			return token{stringToken, value.String()}, i + 1, nil
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		}
		value.WriteByte(rest[i])
	}
	return token{}, 0, fmt.Errorf("a string in the query does not end")
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func run(text string, of func(byte) bool) int {
	for i := range len(text) {
		if !of(text[i]) {
			return i
		}
	}
	return len(text)
}
