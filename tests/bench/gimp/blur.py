"""A layer of 24 megapixels, blurred with sigma 10 by our procedure and by GIMP's own, which is
gegl:gaussian-blur, one after the other in one session; the best of ROUNDS pairs."""

import os

import support
from support import Gimp

ROUNDS = int(os.environ.get("ROUNDS", "3"))

g = Gimp()
g.define("(define image (car (gimp-image-new 6000 4000 RGB)))"
         '(define one (car (gimp-layer-new image 6000 4000 RGB-IMAGE "l" 100 28))) (define t 0)')
g.do("(gimp-image-insert-layer image one 0 0) (plug-in-plasma RUN-NONINTERACTIVE image one 1 4)")
# plug-in-gauss takes the diameter at which the bell falls to 1/255: 64.6 for a sigma of 10.
CALLS = {"gegl": "(plug-in-gauss RUN-NONINTERACTIVE image one 64.6 64.6 0)",
         "ours": '(plug-in-imbrex-blur RUN-NONINTERACTIVE image one 10 "encoded")'}
for turn in range(ROUNDS):
    for name, call in CALLS.items():
        g.do(f"(set! t (now)) {call}")
        g.ask(f"{name} {turn}", "(- (now) t)")
answers = g.run()
best = {name: min(float(answers[f"{name} {turn}"]) for turn in range(ROUNDS)) for name in CALLS}
support.finish(f"blur of 24 megapixels: {best['ours']:.2f} s, gegl:gaussian-blur {best['gegl']:.2f} s, "
               f"{best['ours'] / best['gegl']:.2f} of its time (aimed at: 0.50)")
