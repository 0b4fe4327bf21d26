// A thumbnail is a link to its picture; with scripts the large picture changes in its place instead.
for (const gallery of document.querySelectorAll("[data-gallery]")) {
  const large = gallery.querySelector("[data-gallery-large] img");
  const thumbs = [...gallery.querySelectorAll("[data-gallery-thumb]")];
  if (!large) continue;
  const { sizes } = large.parentElement.querySelector("source");

  const choose = (thumb) => {
    const small = thumb.querySelector("img");
    for (const source of large.parentElement.querySelectorAll("source")) source.remove();
    for (const source of thumb.querySelectorAll("source")) {
      const larger = source.cloneNode();
      larger.sizes = sizes;
      large.before(larger);
    }
    for (const name of ["src", "alt", "width", "height"]) large.setAttribute(name, small.getAttribute(name));
    large.closest("a")?.setAttribute("href", thumb.href);
    for (const other of thumbs) other.setAttribute("aria-current", String(other === thumb));
  };

  for (const thumb of thumbs) {
    thumb.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(thumb);
    });
  }
}
