// measure.js -- stands at the end of a book: what is wrong with how it is shown?
//
// Tells the page around it a line "at WIDTH, COLOURS: PROBLEM" for each problem,
// and that it has measured.

const problems = [];
const width = document.documentElement.clientWidth;
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const all = (selector) => [...document.querySelectorAll(selector)];
const excerpt = (element) =>
    element.textContent.trim().replace(/\s+/g, ' ').slice(0, 50);

if (document.documentElement.scrollWidth > width) {
    problems.push('wider than the screen: ' + document.documentElement.scrollWidth);
    for (const element of all('main *'))
        if (element.getBoundingClientRect().right > width &&
            !element.closest('.table, .listing'))
            problems.push(`  <${element.tagName}> ${excerpt(element)}`);
}

// A drawing or a table may move in its box. What was typed is to be read as it
// stands.
for (const listing of all('.listing:not(.of-text):not(.of-columns) pre'))
    if (listing.scrollWidth > listing.clientWidth)
        problems.push('runs off its box: ' + excerpt(listing));

for (const fold of all('details')) {
    const question = excerpt(fold.querySelector('summary')).replace(/ →.*/, '');
    const folded = fold.offsetHeight;
    if (fold.open)
        problems.push('it is not folded: ' + question);
    fold.open = true;
    if (!fold.querySelector('summary ~ *').offsetHeight || fold.offsetHeight <= folded)
        problems.push('it does not open: ' + question);
}

for (const element of all('.printed-only'))
    if (element.offsetHeight)
        problems.push('for paper only: ' + excerpt(element));

// Of colours, as WCAG 2 defines it.
function luminance(rgb) {
    const [r, g, b] = rgb.match(/[0-9.]+/g).map((value) => {
        const c = value / 255;
        return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b;
}

function background(element) {
    const colour = getComputedStyle(element).backgroundColor;
    return colour == 'rgba(0, 0, 0, 0)' ? background(element.parentElement) : colour;
}

if (luminance(background(document.body)) < .5 != dark)
    problems.push(dark ? 'not dark' : 'not light');
for (const element of all('body, nav a, main *')) {
    const pair = [getComputedStyle(element).color, background(element)].map(luminance);
    const contrast = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (contrast < 4.5)
        problems.push(`hard to read, ${contrast.toFixed(1)}: ${excerpt(element)}`);
}

const where = `\nat ${width}, ${dark ? 'dark' : 'light'}: `;
parent.postMessage(
    [...problems.slice(0, 12), 'measured'].map((it) => where + it).join('') + '\n', '*');
