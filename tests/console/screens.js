// What can be seen to be wrong with a page by measuring it; each finding is one line of text.
(() => {
  const NEAR = 1.5;
  const said = e => {
    const kind = e.tagName.toLowerCase() + [...e.classList].slice(0, 3).map(c => '.' + c).join('');
    const words = (e.getAttribute('aria-label') || e.textContent || '').trim().replace(/\s+/g, ' ');
    return `<${kind}> ${JSON.stringify(words.slice(0, 60))}`;
  };
  // Text for a screen reader alone, and the link that shows itself when focused.
  const isHeard = e => !!e.closest('.heard, .nicegui-skip-link:not(:focus), .sr-only');
  const isShown = e =>
    e.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const isAway = e => {
    // A drawer pushed out of sight, and what stands behind an open dialog.
    const drawer = e.closest('.q-drawer');
    if (drawer && drawer.getBoundingClientRect().right <= 0) return true;
    const dialog = document.querySelector('.q-dialog .q-dialog__inner');
    return !!dialog && !dialog.contains(e) && !e.closest('.q-notifications, .q-menu');
  };
  const texts = () => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, e = node.parentElement;
      if (!node.textContent.trim() || /^(SCRIPT|STYLE|TEMPLATE|NOSCRIPT|OPTION|TITLE)$/i.test(e.tagName)) continue;
      if (isHeard(e) || !isShown(e) || isAway(e)) continue;
      found.push([node, e]);
    }
    return found;
  };
  const boxes = node => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter(r => r.width > 0.5 && r.height > 0.5);
  };
  const cut = (r, c) => ({
    left: Math.max(r.left, c.left), right: Math.min(r.right, c.right),
    top: Math.max(r.top, c.top), bottom: Math.min(r.bottom, c.bottom),
  });
  // Walk up through what clips: hidden text is a finding unless it ends in an ellipsis; what
  // scrolls may hold more than it shows.
  const clip = (rect, e, faults) => {
    let seen = cut(rect, rect), isClipped = false, scrolls = false;
    for (let a = e; a && a !== document.body; a = a.parentElement) {
      const style = getComputedStyle(a);
      if (style.position === 'fixed') break;
      const hides = /hidden|clip/, rolls = /auto|scroll/;
      const box = a.getBoundingClientRect();
      if (box.width === 0 || (style.overflowX === 'visible' && style.overflowY === 'visible')) continue;
      if (rolls.test(style.overflowX) || rolls.test(style.overflowY)) {
        scrolls = scrolls || rolls.test(style.overflowX);
        seen = cut(seen, box);
        continue;
      }
      const wide = hides.test(style.overflowX) &&
        (seen.right > box.right + NEAR || seen.left < box.left - NEAR);
      const tall = hides.test(style.overflowY) &&
        Math.min(seen.bottom, box.bottom) - Math.max(seen.top, box.top) < 0.65 * (seen.bottom - seen.top);
      if ((wide || tall) && !a.closest('.ellipsis') && !/^(INPUT|TEXTAREA)$/.test(a.tagName)) isClipped = true;
      seen = cut(seen, box);
    }
    if (isClipped && !scrolls) faults.add(`text is clipped: ${said(e)}`);
    return { seen, scrolls };
  };
  const layer = e => {
    for (let a = e; a; a = a.parentElement) {
      const position = getComputedStyle(a).position;
      if (position === 'fixed' || position === 'sticky') return a;
    }
    return null;
  };

  const checkLayout = () => {
    const faults = new Set(), all = [], width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width)
      faults.add(`the page scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
    for (const [node, e] of texts()) {
      const on = layer(e);
      for (const rect of boxes(node)) {
        const { seen, scrolls } = clip(rect, e, faults);
        if (seen.right - seen.left < 0.5 || seen.bottom - seen.top < 0.5) continue;
        if (!scrolls && (seen.right > width + NEAR || seen.left < -NEAR))
          faults.add(`text outside the viewport: ${said(e)}`);
        all.push({ node, e, on, ...seen });
      }
    }
    findOverlaps(all, faults);
    for (const e of document.querySelectorAll('a, button, [role=button]')) {
      if (!isShown(e) || isAway(e) || isHeard(e)) continue;
      const named = (e.innerText || '').trim() || e.getAttribute('aria-label') ||
        e.getAttribute('aria-labelledby') || e.title || e.querySelector('img[alt]:not([alt=""])');
      if (!named) faults.add(`no name: ${e.outerHTML.slice(0, 120)}`);
      if (e.tagName !== 'A') continue;
      const href = e.getAttribute('href');
      if (href === null || /^(#?|javascript:.*)$/.test(href.trim())) faults.add(`leads nowhere: ${said(e)}`);
      else if (href.startsWith('#') && !document.getElementById(href.slice(1)))
        faults.add(`leads to nothing on the page: ${said(e)} ${href}`);
    }
    checkContrast(faults);
    return [...faults];
  };

  const findOverlaps = (all, faults) => {
    // The line's box of Chinese is higher than its letters: a quarter at both ends is air.
    const lean = all.map(r => {
      const air = (r.bottom - r.top) / 4;
      return { ...r, top: r.top + air, bottom: r.bottom - air };
    }).sort((a, b) => a.top - b.top);
    for (let i = 0; i < lean.length; i++)
      for (let j = i + 1; j < lean.length && lean[j].top < lean[i].bottom - 1; j++) {
        const a = lean[i], b = lean[j];
        if (a.node === b.node || a.on !== b.on) continue;
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (w > 2 && h > 2) faults.add(`texts overlap: ${said(a.e)} and ${said(b.e)}`);
      }
  };

  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const read = colour => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = e => {
    const layers = [];
    for (let a = e; a; a = a.parentElement) {
      const style = getComputedStyle(a);
      if (style.backgroundImage !== 'none') return null;
      const colour = read(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const checkContrast = faults => {
    for (const [, e] of texts()) {
      if (e.closest('[disabled], [aria-disabled=true], .disabled, svg')) continue;
      const under = ground(e);
      if (!under) continue;
      let opacity = 1;
      for (let a = e; a; a = a.parentElement) opacity *= Number(getComputedStyle(a).opacity);
      const own = read(getComputedStyle(e).color);
      const top = over([...own.slice(0, 3), own[3] * opacity], under);
      const [high, low] = [light(top), light(under)].sort((x, y) => y - x);
      const ratio = (high + 0.05) / (low + 0.05);
      if (ratio < 4.5) faults.add(`contrast ${ratio.toFixed(2)}: ${said(e)}`);
    }
  };

  // Every text a person reads or hears: words, language, and whether it is set as code.
  const readWords = () => {
    const found = [[document.title, document.documentElement.lang, false, '<title>']];
    const place = e => [
      e.closest('[lang]')?.lang || '', !!e.closest('.mono, pre, code, kbd, samp'), said(e),
    ];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || /^(SCRIPT|STYLE|TEMPLATE|NOSCRIPT)$/i.test(e.tagName)) continue;
      if (isShown(e) || e.closest('.heard, details')) found.push([walker.currentNode.textContent, ...place(e)]);
    }
    for (const e of document.body.querySelectorAll('[aria-label], [title], [alt], [placeholder]')) {
      if (!isShown(e)) continue;
      for (const name of ['aria-label', 'title', 'alt', 'placeholder'])
        if (e.getAttribute(name)) found.push([e.getAttribute(name), ...place(e)]);
    }
    return found;
  };

  // Nothing has changed for a while: what a page still waits for has come, or never will.
  const settle = (quiet, most) => new Promise(done => {
    let timer = setTimeout(finish, quiet);
    const last = setTimeout(finish, most);
    const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(finish, quiet); });
    watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    function finish() { clearTimeout(timer); clearTimeout(last); watch.disconnect(); document.fonts.ready.then(() => done()); }
  });

  window.screens = { checkLayout, readWords, settle };
})();
