"""What cannot be done is a PDB error with our sentence, changes nothing, and GIMP lives on."""

import subprocess

import support
from support import SOURCE, Gimp, check

g = Gimp()
photo = SOURCE / "samples" / "pictures" / "photo-before.jpg"
recipe, broken, folder = g.folder / "a.ibx", g.folder / "b.recipe", g.folder / "photos"
recipe.write_text("# half of it\nresize:50%\ninvert\n")
broken.write_text("blurr:2")
folder.mkdir()
(folder / "a.jpg").write_bytes(photo.read_bytes()[:4000])
(folder / "b.jpg").write_bytes(photo.read_bytes())
(g.folder / "good").mkdir()
(g.folder / "good" / "b.jpg").write_bytes(photo.read_bytes())

g.define('(define image (car (gimp-image-new 300 200 RGB)))'
         '(define (add parent) (let ((l (car (gimp-layer-new image 300 200 RGBA-IMAGE "l" 100 28))))'
         ' (gimp-image-insert-layer image l parent 0) (gimp-drawable-fill l FILL-WHITE) l))'
         '(define one (add 0))'
         '(define (recipe text) (plug-in-imbrex-recipe RUN-NONINTERACTIVE image one text))')

# The words of a recipe, and values of arguments.
g.refuse("step 1, blur: sigma is 900, but must be 0.1 to 250 px", '(recipe "blur:900")')
g.refuse("did you mean blur?", '(recipe "blurr:2")')
g.refuse("a quote", '(recipe "curves:\\"0,0")')
g.refuse("step 2, save: a layer is not saved", '(recipe "invert/save:png")')
g.refuse("blur: sigma is -1, but must be", '(plug-in-imbrex-blur 1 image one -1 "encoded")')
g.refuse("blur: light is \"none\"", '(plug-in-imbrex-blur 1 image one 1 "none")')
g.refuse("box_blur: radius is", '(plug-in-imbrex-box-blur 1 image one 2000000)')
g.refuse("autolevels: per_channel is 2", '(plug-in-imbrex-autolevels 1 image one 1 1 2)')
g.refuse("flatten: background is \"red-ish\"", '(plug-in-imbrex-flatten 1 image one "red-ish")')
g.refuse("argument", '(plug-in-imbrex-blur 1 image one)')  # Script-Fu counts by itself
g.refuse("", '(plug-in-imbrex-blur 1 image one "two" "encoded")')
g.refuse("none.cube", '(plug-in-imbrex-lut3d 1 image one "none.cube" 1 "tetrahedral")')

g.refuse("run-mode is 7", '(plug-in-imbrex-invert 7 image one 1)')

# Files with recipes.
g.refuse("a file is missing behind the @", '(recipe "@")')
g.refuse("No such file", '(recipe "@none.ibx")')
g.refuse("No such file", '(recipe "none.recipe")')
g.refuse("did you mean blur?", f'(recipe "{broken}")')
g.refuse("Is a directory", f'(recipe "@{g.folder}")')
g.refuse("this is no recipe", f'(recipe "@{photo}")')

# Images and layers.
g.define('(define other (car (gimp-image-new 50 50 RGB)))'
         '(define indexed (car (gimp-image-duplicate image)))'
         '(define gray (car (gimp-image-duplicate image)))'
         '(define group (car (gimp-layer-group-new image)))'
         '(define masked (add 0)) (define locked (add 0)) (define many (add 0))'
         '(define held (car (gimp-layer-new image 9 9 RGBA-IMAGE "held" 100 28)))'
         '(define mask (car (gimp-layer-create-mask masked ADD-MASK-WHITE)))')
g.do('(gimp-layer-add-mask masked mask) (gimp-image-insert-layer image group 0 0)'
     '(gimp-item-set-lock-content locked TRUE)'
     '(gimp-image-convert-indexed indexed 0 0 8 0 0 "")(gimp-image-convert-grayscale gray)')
g.refuse("none of this image", '(plug-in-imbrex-invert 1 other one 1)')
g.refuse("", '(plug-in-imbrex-invert 1 image 7777 1)')
g.refuse("a group of layers", '(plug-in-imbrex-invert 1 image group 1)')
g.refuse("pixels of this layer are locked", '(plug-in-imbrex-invert 1 image locked 1)')
g.do('(gimp-image-insert-layer image held group 0) (gimp-item-set-lock-content group TRUE)')
g.refuse("a group that this layer is in are locked", '(plug-in-imbrex-invert 1 image held 1)')
g.refuse("the image is indexed", '(plug-in-imbrex-invert 1 indexed (layer indexed) 1)')
g.refuse("the layer's mask would not fit", '(plug-in-imbrex-recipe 1 image masked "resize:50%")')
g.refuse("only a layer can take", '(plug-in-imbrex-recipe 1 image mask "resize:50%")')
g.refuse("has no transparency", '(plug-in-imbrex-recipe 1 image mask "rotate:10,expand=no")')
g.refuse("this is gray", '(plug-in-imbrex-recipe 1 gray (layer gray) "flatten:#102030")')
g.refuse("all layers of an image share", '(plug-in-imbrex-recipe 1 image many "icc:p3")')
g.do('(gimp-item-set-lock-position held TRUE) (gimp-item-set-lock-content group FALSE)')
g.refuse("size of this layer are locked", '(plug-in-imbrex-recipe 1 image held "rotate:10")')
g.do('(gimp-item-set-lock-position held FALSE)')
g.define('(define opaque (car (gimp-image-new 40 30 RGB)))'
         '(define bare (car (gimp-layer-new opaque 40 30 RGB-IMAGE "bare" 100 28)))')
g.do('(gimp-image-insert-layer opaque bare 0 0) (gimp-item-set-lock-position bare TRUE)')
g.refuse("size of this layer are locked", '(plug-in-imbrex-recipe 1 opaque bare "rotate:10")')
g.ask("alpha", "(car (gimp-drawable-has-alpha bare))")
g.refuse("pixels; GIMP takes", '(recipe "resize:600000x1,fit=fill")')

# Batches.
g.refuse("of images is given", '(plug-in-imbrex-batch 1 "invert" "" "out")')
g.refuse("no folder for the results", f'(plug-in-imbrex-batch 1 "invert" "{folder}" "")')
g.refuse("did you mean", f'(plug-in-imbrex-batch 1 "blurr" "{folder}" "out")')
g.refuse("none", f'(plug-in-imbrex-batch 1 "invert" "{g.folder}/none" "{g.folder}/out")')
g.refuse("1 of 2 files failed", f'(plug-in-imbrex-batch 1 "invert" "{folder}" "{g.folder}/out")')
g.refuse("exist", f'(plug-in-imbrex-batch 1 "invert" "{folder}" "{g.folder}/out")')

# Nothing of all that changed the layer; and all still works.
g.ask("pixel", "(cadr (gimp-drawable-get-pixel one 10 10))")
g.ask("size", "(car (gimp-image-width image))")
g.do(f'(plug-in-imbrex-batch 1 "@{recipe}" "{g.folder}/good" "{g.folder}/made")')
g.do(f'(plug-in-imbrex-recipe 1 other (let ((l (car (gimp-layer-new other 50 50 0 "l" 100 28))))'
     f' (gimp-image-insert-layer other l 0 0) l) "{recipe}")')
g.ask("half", "(car (gimp-image-width other))")
answers = g.run()

check(answers.get("pixel") == "#(255 255 255 255)", f"a refused run changed {answers.get('pixel')}")
check(answers.get("alpha") == "0", "a refused run added transparency to a layer")
check(answers.get("size") == "300", "a refused run changed the image")
check(answers.get("half") == "25", f"a recipe in a file: {answers.get('half')}")
check((g.folder / "out" / "b.jpg").exists(), "the good file beside a bad one was not made")
check((g.folder / "made" / "b.jpg").exists(), "a batch made nothing")
support.finish("refused with a sentence, all of them")
