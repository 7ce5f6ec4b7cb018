-- book.lua -- what the book makes of the parts of LESSONS.md: a filter of pandoc's.
--
-- A fold stays one, and its answer stands once more at the end, where only a
-- printer shows it. Sessions and diffs get their colours. A picture goes into the
-- file.

local folds = {}
local repository = ''

local function escaped(text)
    return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'))
end

local function html(text)
    return pandoc.RawBlock('html', text)
end

local function read(name)
    local file = assert(io.open(name, 'rb'))
    local text = file:read('a')
    file:close()
    return text
end

-- -- listings -------------------------------------------------------------------

local function span(class, text)
    return '<span class="' .. class .. '">' .. escaped(text) .. '</span>'
end

-- With a remark behind it?
local function typed(text)
    local command, remark = text:match('^(.-  +)(# .*)$')
    if remark then return span('typed', command) .. span('co', remark) end
    return span('typed', text)
end

-- Who speaks, in a session: "T1$ command", "T1> text", "T1^C", "T1| output".
local function session_line(line)
    local terminal, sign, rest = line:match('^(T%d)([$>|^])(.*)$')
    if terminal then
        return span('t' .. terminal:sub(2), terminal .. sign) ..
            (sign == '|' and span('printed', rest) or typed(rest))
    elseif line:match('^%$ ') then
        return span('t1', '$') .. typed(line:sub(2))
    elseif line:match('^# ') then
        return span('co', line)
    end
    return span('printed', line)
end

local function diff_line(line)
    local class = ({['+'] = 'added', ['-'] = 'removed', ['@'] = 'co'})[line:sub(1, 1)]
    return class and span(class, line) or escaped(line)
end

-- A row of a table must not be broken.
local function is_row(line)
    return line:match('%S  +%S.*%S  +%S')
end

local function marked(text, mark)
    local lines = {}
    for line in (text .. '\n'):gmatch('(.-)\n') do
        table.insert(lines, (is_row(line) and '<span class="row">' or '<span>') ..
            mark(line) .. '</span>')
    end
    return html('<pre><code>' .. table.concat(lines, '\n') .. '</code></pre>')
end

-- The style wants to know how many columns there are.
local function columns(text)
    local most = 1
    for line in text:gmatch('[^\n]+') do
        most = math.max(most, utf8.len(line) or #line)
    end
    return most
end

-- What is a table for the most part is sized by its rows.
local function rows(text)
    local found = {}
    for line in text:gmatch('[^\n]+') do
        if is_row(line) then table.insert(found, line) end
    end
    return #found >= 3 and table.concat(found, '\n')
end

local function listing(block)
    local class = block.classes[1] or 'text'
    local wide = class == 'console' and rows(block.text)
    local shown = block
    if class == 'console' then
        shown = marked(block.text, session_line)
    elseif class == 'diff' then
        shown = marked(block.text, diff_line)
    elseif class == 'text' then
        shown = html('<pre><code>' .. escaped(block.text) .. '</code></pre>')
    end
    return pandoc.Div({shown}, pandoc.Attr('', {'listing',
        wide and 'of-columns' or 'of-' .. class},
        {{'style', '--columns: ' .. columns(wide or block.text)}}))
end

-- -- pictures, links, tables ----------------------------------------------------

local function picture(image)
    assert(image.src:match('%.svg$'), 'not an SVG picture: ' .. image.src)
    local data = read(image.src):gsub('[^%w]', function(c)
        return string.format('%%%02X', c:byte())
    end)
    image.src = 'data:image/svg+xml,' .. data
    return image
end

local function link(l)
    if not l.target:match('^#') and not l.target:match('^%a+:') then
        l.target = repository .. l.target
    end
    return l
end

-- A short piece of code stays in one line; a long one may be broken behind these.
local function code(c)
    local text = escaped(c.text)
    if #c.text <= 18 then
        return pandoc.RawInline('html', '<code class="short">' .. text .. '</code>')
    end
    return pandoc.RawInline('html', '<code>' .. text:gsub('[/_,]', '%0<wbr>') .. '</code>')
end

-- Such as 0-E1.
local function label(word)
    if word.text:match('^%d%-%u%d+$') then
        return pandoc.RawInline('html', '<span class="short">' .. word.text .. '</span>')
    end
end

local function in_a_box(t)
    return pandoc.Div({t}, pandoc.Attr('', {'table'}))
end

-- A paragraph of anchors is none.
local function anchors_only(paragraph)
    for _, it in ipairs(paragraph.content) do
        local anchor = it.t == 'RawInline' and it.text:match('^</?a')
        if not anchor and it.t ~= 'SoftBreak' then return end
    end
    return pandoc.Plain(paragraph.content)
end

local function without_comments(raw)
    if raw.text:match('^<!%-%-.*%-%->%s*$') then return {} end
end

-- -- folds ----------------------------------------------------------------------

local function without_anchors(blocks)
    return pandoc.walk_block(pandoc.Div(blocks), {
        RawInline = function(raw)
            if raw.text:match('^<a id=') then return {} end
        end
    })
end

local function question(text)
    local summary = text:match('^<details><summary>(.*)</summary>')
    return assert(summary, 'a fold without a question: ' .. text)
end

-- The blocks again, with folds that know their answer's number.
local function with_folds(blocks)
    local result, fold, lesson = {}, nil, nil
    for _, block in ipairs(blocks) do
        local text = block.t == 'RawBlock' and block.text or ''
        if block.t == 'Header' and block.level <= 2 then
            lesson = pandoc.utils.stringify(block)
        end
        if text:match('^<details>') then
            fold = {question = question(text), lesson = lesson, blocks = {}}
            table.insert(folds, fold)
            block = html(string.format('<details id="fold-%d"><summary>%s ' ..
                '<a class="printed-only" href="#answer-%d">→ answer %d</a></summary>',
                #folds, fold.question, #folds, #folds))
        elseif text:match('^</details>') then
            fold = nil
        elseif fold then
            table.insert(fold.blocks, block)
        end
        table.insert(result, block)
    end
    return result
end

local function add_answers(blocks)
    local lesson
    table.insert(blocks, html('<section class="printed-only"><h2>The answers</h2>'))
    for number, fold in ipairs(folds) do
        if fold.lesson ~= lesson then
            lesson = fold.lesson
            table.insert(blocks, html('<h3>' .. escaped(lesson or '') .. '</h3>'))
        end
        table.insert(blocks, html(string.format(
            '<p id="answer-%d"><strong>→ %d</strong> · <em>%s</em></p>', number, number,
            fold.question)))
        table.insert(blocks, without_anchors(fold.blocks))
    end
    table.insert(blocks, html('</section>'))
end

-- -- the whole ------------------------------------------------------------------

local function whole(doc)
    local blocks = {}
    for _, block in ipairs(with_folds(doc.blocks)) do
        if block.t == 'Header' and block.level == 1 then
            doc.meta.title = pandoc.MetaInlines(block.content)
        else
            table.insert(blocks, block)
        end
    end
    if #folds > 0 then add_answers(blocks) end
    doc.blocks = blocks
    doc.meta.style = pandoc.MetaBlocks({
        html('<style>\n' .. read('tests/book/book.css') .. '</style>')
    })
    return doc
end

local function remember(meta)
    repository = pandoc.utils.stringify(meta.repository)
end

return {
    {Meta = remember},
    {RawBlock = without_comments, RawInline = without_comments},
    {CodeBlock = listing, Code = code, Image = picture, Link = link,
        Table = in_a_box, Str = label, Para = anchors_only},
    {Pandoc = whole}
}
