/** SVG files with the sizes that browsers show them in, and files that are no SVG. */

import { type ImageCase, image, type Size } from "./bytes.ts";

const NS = 'xmlns="http://www.w3.org/2000/svg"';
const CONTENT = '<rect width="1" height="1"/>';

export const svg = (attributes: string): string => `<svg ${NS} ${attributes}>${CONTENT}</svg>`;
const SIZED = 'width="120" height="60"';
export const drawing = svg(SIZED);

const file = (name: string, text: string, size: Size): ImageCase => image(name, Buffer.from(text), size);
const attributes = (text: string, size: Size): ImageCase => file(text, svg(text), size);

export const SVGS: readonly ImageCase[] = [
  attributes(SIZED, [120, 60]),
  attributes("width='120' height='60'", [120, 60]),
  attributes('width = "120"\n\theight\n=\n"60"', [120, 60]),
  attributes('width=" 120 " height="\n60px\t"', [120, 60]),
  attributes('width="120PX" height="60Px"', [120, 60]),
  attributes('width="2pc" height="1PC"', [32, 16]),
  attributes('width="72pt" height="36Pt"', [96, 48]),
  attributes('width="1in" height="0.5IN"', [96, 48]),
  attributes('width=".5in" height="5"', [48, 5]),
  attributes('width="25.4mm" height="2.54cm"', [96, 96]),
  attributes('width="101.6Q" height="50.8q"', [96, 48]),
  attributes('width="1e2" height="6E1px"', [100, 60]),
  attributes('width="+120" height="60"', [120, 60]),
  attributes('width="120.4" height="60.5"', [120, 61]),
  attributes('width="120" height="60" viewBox="0 0 1 1"', [120, 60]),
  attributes('width="120" height="60" style="width:200px"', [120, 60]),
  attributes('width="120" viewBox="0 0 24 12"', [120, 60]),
  attributes('height="60" viewBox="0 0 24 12"', [120, 60]),
  attributes('width="30" height="100%" viewBox="0 0 24 12"', [30, 15]),
  attributes('width="abc" height="60" viewBox="0 0 24 12"', [120, 60]),
  attributes('data-x=">" width="120" height="60"', [120, 60]),
  attributes('data-width="5" x:width="7" xmlns:x="urn:x" width="120" height="60"', [120, 60]),
  attributes(`data-x="${"x".repeat(100_000)}" width="120" height="60"`, [120, 60]),
  attributes(
    `${Array.from({ length: 300 }, (_, at) => `data-${at}="${at}"`).join(" ")} width="120" height="60"`,
    [120, 60],
  ),
  file("self-closing", `<svg ${NS} ${SIZED}/>`, [120, 60]),
  file("empty", `<svg ${NS} ${SIZED}></svg >`, [120, 60]),
  file("namespace last", `<svg ${SIZED} xmlns='http://www.w3.org/2000/svg'/>`, [120, 60]),
  file("prefix", `<s:svg xmlns:s="http://www.w3.org/2000/svg" ${SIZED}><s:g/></s:svg>`, [120, 60]),
  file("byte order mark", `\ufeff${drawing}`, [120, 60]),
  file("white space first", `\n  \t${drawing}`, [120, 60]),
  file("much white space first", `${" ".repeat(5_000)}${drawing}`, [120, 60]),
  file("declaration", `<?xml version="1.0" encoding="UTF-8"?>\n${drawing}`, [120, 60]),
  file("comment", `<!-- <svg width="1" height="1"> - > ->-->${drawing}`, [120, 60]),
  file("large comment", `<!--${" -".repeat(200_000)} -->${drawing}`, [120, 60]),
  file("instruction", `<?xml-stylesheet href="a.css" title="?"?>${drawing}`, [120, 60]),
  file(
    "document type",
    `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${drawing}`,
    [120, 60],
  ),
  file(
    "document type with entities",
    `<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg"><!ENTITY a "]>"> <!-- ]> ' --> <?a ]> ' ?>]>` +
      `<svg xmlns="&ns;" ${SIZED}></svg>`,
    [120, 60],
  ),
  file("comment and line ends behind", `${drawing}\n<!-- made by -->\n\n`, [120, 60]),
  file("instruction behind", `${drawing}<?a b?>`, [120, 60]),
];

/**
 * Browsers give these a width of 300, or their height alone, or without a namespace no size. The expected size is what
 * they say themselves.
 */
export const OWN_SIZES: readonly ImageCase[] = [
  attributes('viewBox="0 0 24 12"', [24, 12]),
  attributes('viewBox="0,0,24,12"', [24, 12]),
  attributes('viewBox=" 0 , 0 , 24 , 12 "', [24, 12]),
  attributes('viewBox="-5-5 24 12"', [24, 12]),
  attributes('viewBox="0 0 2.4e1 1.2E1"', [24, 12]),
  attributes('viewBox="0 0 +24 12"', [24, 12]),
  attributes('viewBox="0 0 24.6 12.4"', [25, 12]),
  attributes('width="100%" height="100%" viewBox="0 0 24 12"', [24, 12]),
  attributes('width="auto" height="" viewBox="0 0 24 12"', [24, 12]),
  file("no namespace", `<svg viewBox="0 0 24 12"/>`, [24, 12]),
];

export const NO_SVGS: readonly ImageCase[] = [
  ...[
    "",
    'width="120"',
    'height="60"',
    'width="0" height="60"',
    'width="-5" height="60"',
    'width="0.4" height="60"',
    'width="1e400" height="60"',
    'width="10em" height="5em"',
    'width="10em" height="5em" viewBox="0 0 24 12"',
    'width="10vw" height="5vh" viewBox="0 0 24 12"',
    'width="calc(1px + 2px)" height="60"',
    'width="120" viewBox="0 0 24 12" preserveAspectRatio="none"',
    'WIDTH="120" HEIGHT="60"',
    'viewbox="0 0 24 12"',
    'viewBox="0 0 24"',
    'viewBox="0 0 24 12 5"',
    'viewBox="0 0 24px 12px"',
    'viewBox="0 0 0 12"',
    'viewBox="0 0 24 -12"',
    'viewBox="none"',
    'viewBox="0 0 1000 0.1"',
    'width="120" width="130" height="60"',
    'width="120"height="60"',
    "width=120 height=60",
    'foo width="120" height="60"',
    'a="<" width="120" height="60"',
    `width="${" ".repeat(300)}120" height="60"`,
  ].map((text) => attributes(text, null)),
  file("another namespace", `<svg xmlns="http://www.w3.org/1999/xhtml" ${SIZED}></svg>`, null),
  file("a prefix without a namespace", `<s:svg ${SIZED}></s:svg>`, null),
  file("another name", `<svgx ${NS} ${SIZED}></svgx>`, null),
  file("capitals", `<SVG ${NS} ${SIZED}></SVG>`, null),
  file("HTML", `<!DOCTYPE html><html><body>${drawing}</body></html>`, null),
  file("HTML without html", `<!DOCTYPE html>${drawing}`, null),
  file("HTML fragment", `<div class="icon">${drawing}</div>`, null),
  file("HTML behind a comment", `<!-- icons -->\n<ul><li>${drawing}</li></ul>`, null),
  file("XHTML", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>${drawing}</body></html>`, null),
  file("Vue", `<template>\n  ${drawing}\n</template>\n<script setup></script>`, null),
  file("Markdown", `# Title\n\n${drawing}\n`, null),
  file("Markdown that begins with a drawing", `${drawing}\n\n# Title\n\nText.\n`, null),
  file("Markdown of drawings", `<p>${drawing}</p>\n${drawing}`, null),
  file("text behind", `${drawing} text`, null),
  file("another element behind", `${drawing}<p></p>`, null),
  file("cut off behind its tag", svg(SIZED).slice(0, svg(SIZED).indexOf("<rect")), null),
  file("cut off in its content", svg(SIZED).slice(0, -10), null),
  file("cut off in its tag", drawing.slice(0, 60), null),
  file("text first", `x ${drawing}`, null),
  file("CDATA first", `<![CDATA[x]]>${drawing}`, null),
  file("nothing but a comment", "<!-- <svg width='1' height='1'></svg> -->", null),
  image("UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(drawing, "utf16le")]), null),
  image("UTF-16 without a mark", Buffer.from(drawing, "utf16le"), null),
];
